"""The action guide on the page: what to do now and why, and the whole of it as each service follows it."""

from bti.web.app import create_app
from bti.workflows import level
from tests.integration.workflows.cases import new_case
from tests.web.small_site import client_for
from tests.web.walk import follow_profile


def test_the_page_says_what_to_do_now_what_is_missing_and_why_and_the_guide_where_it_is_said(world):
    app = create_app(world.runtime.settings, runtime=world.runtime)
    case_id = new_case(world)
    client = client_for(world, app, "ingrid")
    page = client.get(f"/cases/{case_id}")
    assert "What to do now Step 2 of 4 at level 0 Talk with your leader" in page.text
    missing = page.text.split("Missing before you go on", 1)[1].split("Needed before", 1)[0]
    assert "Missing: Your leader is informed Why? A leader decides with you" in " ".join(
        missing.replace("Why?", " Why? ").split()
    )
    assert "To help you: Advice without names from the resource team." in page.text
    world.run("ingrid", level.record_step, case_id=case_id, step="0.2", note="")
    printed = client.get(f"/cases/{case_id}/print").text
    assert "Step 3 of 4 at level 0 Talk with the child and the guardians" in printed
    assert "by 15 Sep" in printed
    follow_profile(world, "vaaler", "en")
    client = client_for(world, app, "ingrid")
    guide = client.get("/guide").text
    assert "The head of the school. Within 14 days." in guide
    assert "It stands in SLT – plan for arbeidet i Våler kommune 2023–2026, Tiltak 7." in guide
    assert "From the standard: the municipality has not said it in another way." in guide
    plan = "It stands in SLT – plan for arbeidet i Våler kommune 2023–2026, Tiltak"
    assert f"Led by: Deputy head of child welfare. {plan} 8." in guide.replace(".It", ". It")
    assert f"BTI meeting {plan} 7." in guide.replace("meetingIt", "meeting It")
    health = client.get("/guide?service=health").text
    assert "The head of the school" not in health
    assert "Conversations with the public health nurse or the youth contact" in health
