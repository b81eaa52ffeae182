"""The same case from level 0 up to 3 and down again until it is closed, as each municipality calls things."""

import pytest

from bti.domain.codes import InfoType
from bti.domain.consent import Answer, Scope
from bti.web import identity
from bti.web.app import create_app
from tests.integration.workflows.cases import new_case
from tests.story import Story
from tests.web.critic import CriticClient
from tests.web.walk import WALKS, follow_profile
from tests.world import copy_of

#: Walked in tests/browser/test_walk.py.
IN_A_BROWSER = "aukra"
SHARED = frozenset({InfoType.MEASURES})


@pytest.fixture(scope="module")
def served(world_image, tmp_path_factory):
    """One municipality and one application for all the walks: templates are compiled once."""
    image, directory = world_image
    world = copy_of(image, directory, tmp_path_factory.mktemp("walk") / "world")
    yield world, create_app(world.runtime.settings, runtime=world.runtime)
    world.close()


class Walker:
    """A case, the people who work with it, and the pages they do it on."""

    def __init__(self, served, profile, language) -> None:
        world, app = served
        self.world = world
        follow_profile(world, profile, language)
        self.clients = {who: CriticClient(app, language) for who in ("ingrid", "hege")}
        self.story = Story(world, case_id=new_case(world, guardians=(("Maria Hansen", True),)))
        (self.guardian,) = self.story.page().guardians

    def consent(self, scope, unit="", types=frozenset()):
        to_unit = self.world.units[unit] if unit else None
        asked = self.story.ask(scope, to_unit, types)
        self.story.answer(asked, self.guardian.id, Answer.YES)

    def client(self, who="ingrid"):
        client = self.clients[who]
        cookie = identity.cookie_name(self.world.runtime.settings)
        client.client.set_cookie(cookie, self.world.token(who))
        return client

    def page(self):
        return self.client().get(f"/cases/{self.story.case_id}").text

    def send(self, path, **typed):
        """Fill in the form of a page of the case and send it; it must be taken."""
        client, address = self.client(), f"/cases/{self.story.case_id}{path}"
        answer = client.post(address, {**client.get(address).form(address), **typed})
        assert answer.status == 303, answer.text

    def decide(self, to, **more):
        self.send("/decide", to=to, reason="Vi er einige.", **more)

    def team_takes(self):
        client, address = self.client("hege"), f"/cases/{self.story.case_id}/referral"
        path = f"{address}/take"
        assert client.post(path, client.get(address).form(path)).status == 303


@pytest.mark.parametrize("profile", [one for one in WALKS if one != IN_A_BROWSER])
def test_a_case_goes_up_and_down_and_is_closed_in_the_municipalitys_own_words(served, profile):
    language, *levels = WALKS[profile]
    walker = Walker(served, profile, language)
    story = walker.story
    story.talk_with_leader()
    seen = [walker.page()]
    walker.consent(Scope.OPEN_LOG)
    opening = {
        "background": "Vi ser det.",
        "goal": "På skulen kvar dag",
        "title": "Ein fast vaksen",
    }
    walker.send("/log/open", arena="school", kind="adult", **opening)
    seen.append(walker.page())
    story.evaluate()
    walker.consent(Scope.BRING_IN_SERVICE, "pps", SHARED)
    walker.decide("2")
    seen.append(walker.page())
    walker.consent(Scope.BRING_IN_SERVICE, "team", SHARED)
    asked = {"why": "Det er ikkje nok.", "question": "Kven samordnar?", "danger": "no"}
    walker.send("/referral/new", **asked)
    walker.team_takes()
    seen.append(walker.page())
    walker.decide("2")
    walker.decide("1")
    walker.decide("close", cause="goal_reached")
    closed = walker.page()
    assert ("Saken er avsluttet" if language == "nb" else "Saka er avslutta") in closed
    for text, (label, words) in zip(seen, levels, strict=True):
        assert words in text, words
        assert label in text, label
        assert label in closed, label
