"""Attached files as a browser meets them: the form, the list, the download, and what is refused."""

import re
import tempfile

import pytest
import werkzeug.formparser

from bti.audit.actions import Action as Act
from bti.domain.codes import InfoType
from bti.domain.file_kinds import MIME
from bti.web import headers
from bti.workflows import consent
from tests.files import SAMPLES, jpeg, office, pdf, png
from tests.integration.workflows import cases
from tests.integration.workflows.states import invite, share, with_log
from tests.integration.workflows.test_attachment import acts, attached, blob_of
from tests.web.critic import examine
from tests.web.multipart import CONTENT_TYPE, SentFile, multipart
from tests.web.plan_site import client_for

HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def path_of(case_id):
    return f"/cases/{case_id}/attachments/new"


def post_file(client, path, fields, name, data, **how):
    """Send a form with a file, and examine the answer."""
    body = multipart([*fields.items(), ("file", SentFile(name, data))], **how)
    return examine(client.client.post(path, data=body, content_type=CONTENT_TYPE))


def send(client, case_id, data=None, name="lesetest.pdf", **changes):
    """Fill in the form and send it."""
    path = path_of(case_id)
    answers = {"title": "Lesetest", "document": "assessment", "info_type": "learning"} | changes
    fields = {**client.get(path).form(path), **answers}
    return post_file(client, path, fields, name, pdf() if data is None else data)


def links(page):
    """Where the files of a page are downloaded from."""
    return [a.get("href") for a in page.all("a") if a.get("download") is not None]


def left(world):
    """Everything in the folder of sealed files."""
    return sorted(
        path.name for path in world.runtime.settings.blob_dir.rglob("*") if path.is_file()
    )


def bare(page):
    return re.sub(rb'name="csrf_token" value="[^"]*"', b"", page.response.get_data())


def test_a_file_is_attached_listed_and_downloaded(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    shown = client.follow(send(client, case_id, name="Lesetest høst.pdf"))
    assert "The file is attached." in shown.text
    assert "Lesetest høst.pdf" in shown.text
    assert "Only Lindvik ungdomsskole can open it" in shown.text
    [link] = links(shown)
    answer = client.get(link).response
    assert answer.get_data() == pdf()
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Length"] == str(len(pdf()))
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"Lesetest host.pdf\"; filename*=UTF-8''Lesetest%20h%C3%B8st.pdf"
    )
    assert answer.headers["Content-Security-Policy"] == headers.DOWNLOAD_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_kind_on_the_list_comes_back_as_what_it_is(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    for kind, data in SAMPLES.items():
        shown = client.follow(send(client, case_id, data, name="fil.exe"))
        found = [client.get(link).response for link in links(shown)]
        [answer] = [one for one in found if one.headers["Content-Type"] == MIME[kind]]
        assert answer.get_data() == data
        name = f'attachment; filename="fil.exe.{kind.value}"'
        assert answer.headers["Content-Disposition"].startswith(name)


def test_the_form_says_beforehand_what_can_be_sent_and_who_will_see_it(world):
    case_id = with_log(world)
    share(world, case_id, "pps", InfoType.LEARNING)
    page = client_for(world, "ingrid").get(path_of(case_id))
    assert "at most 20 MB" in page.text
    assert re.search(r"Lindvik ungdomsskole, shared with PP-tjenesten until \d+", page.text)
    [file] = page.all("input", type="file")
    assert "application/pdf" in file.get("accept")


REFUSED = {
    "HTML": (HTML, "side.html", "This kind of file is not taken."),
    "HTML with a picture's name": (HTML, "bilde.png", "This kind of file is not taken."),
    "SVG": (SVG, "tegning.svg", "This kind of file is not taken."),
    "a cut PDF": (pdf()[:-30], "rapport.pdf", "The file is not complete"),
    "a picture bomb": (png(60_000, 60_000), "stor.png", "far too large when it is opened"),
    "a zip bomb": (
        office(**{"word/media/x": bytes(3_000_000)}),
        "bombe.docx",
        "far too large when it is opened",
    ),
    "macros": (office(**{"word/vbaProject.bin": b"x"}), "makro.docx", "has macros"),
    "nothing": (b"", "tom.pdf", "The file is empty"),
}


def test_a_file_that_is_not_taken_is_explained_and_what_was_typed_is_kept(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    for data, name, message in REFUSED.values():
        page = send(client, case_id, data, name, title="Kartlegging våren", info_type="health")
        assert page.status == 422
        assert message in page.text
        sent = page.form(path_of(case_id))
        assert (sent["title"], sent["document"]) == ("Kartlegging våren", "assessment")
        assert sent["info_type"] == "health"
        assert left(world) == []
    assert Act.CASE_ATTACHMENT_CREATE.value not in acts(world, "case", case_id)


def test_a_file_larger_than_allowed_is_explained_on_the_form(world, monkeypatch):
    monkeypatch.setitem(world.runtime.settings.__dict__, "attachment_mib", 1)
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    page = send(client, case_id, pdf("x" * (1 << 20)), title="For stor")
    assert page.status == 422
    assert "The file is too large." in page.text
    assert page.form(path_of(case_id))["title"] == "For stor"
    refused = send(client, case_id, pdf("x" * (6 << 20)))
    assert refused.status == 413
    assert left(world) == []


def test_without_a_file_the_form_asks_for_one(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    page = send(client, case_id, b"", name="", title="Uten fil")
    assert page.status == 422
    assert "Choose a file." in page.text
    assert page.form(path_of(case_id))["title"] == "Uten fil"


def test_everything_missing_is_told_at_once(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    page = send(client, case_id, b"", name="", document="", info_type="")
    assert len(page.all("a", href="#file")) == 1
    assert page.text.count("This must be filled in.") >= 2


NAMES = (
    '<img src=x onerror="alert(1)">.pdf',
    "../../../etc/cron.d/x.pdf",
    "x\r\nX-Injected: 1.pdf",
    "rapport\u202efdp.exe",
    "a" * 3000 + ".pdf",
    "nul\x00.pdf",
    '";filename="evil.html',
    "æøå ŧđ 中文.pdf",
)


def test_no_file_name_gets_into_page_or_headers_as_anything_but_a_name(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    for name in NAMES:
        shown = client.follow(send(client, case_id, name=name, title=""))
        assert shown.all("img", src="x") == []
    assert len(links(shown)) == len(NAMES)
    for link in links(shown):
        answer = client.get(link).response
        disposition = answer.headers["Content-Disposition"]
        assert re.fullmatch(
            r"attachment; filename=\"[A-Za-z0-9_. ()-]+\.pdf\"; filename\*=UTF-8''[!-~]+\.pdf",
            disposition,
        )
        assert "X-Injected" not in answer.headers
        assert len(disposition) < 1200


def test_a_part_of_a_file_is_never_sent_alone(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    [link] = links(client.follow(send(client, case_id)))
    answer = client.get(link, headers={"Range": "bytes=0-9"}).response
    assert answer.status_code == 200
    assert answer.get_data() == pdf()
    assert answer.headers["Accept-Ranges"] == "none"


def test_a_damaged_file_is_not_sent_but_explained_and_entered(world):
    case_id = with_log(world)
    file_id = attached(world, case_id, data=pdf("x" * 40_000))
    path = blob_of(world, file_id)
    path.write_bytes(path.read_bytes()[:-1])
    page = client_for(world, "ingrid").get(f"/cases/{case_id}/attachments/{file_id}")
    assert page.status == 500
    assert page.heading == "The file is damaged"
    assert acts(world, "attachment", file_id)[-2:] == [
        Act.CASE_ATTACHMENT_READ.value,
        Act.CASE_ATTACHMENT_REFUSE.value,
    ]


def test_a_file_one_may_not_open_looks_like_one_that_does_not_exist(world):
    case_id = with_log(world)
    consent_id = share(world, case_id, "pps", InfoType.LEARNING)
    invite(world, case_id, "nina")
    shared, closed = attached(world, case_id), attached(world, case_id, info_type=InfoType.HEALTH)
    client = client_for(world, "nina")
    assert client.get(f"/cases/{case_id}/attachments/{shared}").status == 200
    missing = bare(client.get("/no-such-address"))
    assert bare(client.get(f"/cases/{case_id}/attachments/{closed}")) == missing
    person_id = next(iter(cases.guardians(world, case_id).values()))
    withdraw = {"case_id": case_id, "consent_id": consent_id, "person_id": person_id}
    world.run("ingrid", consent.withdraw, **withdraw)
    for address in (shared, f"{shared}/remove", f"{shared}/new-version", "new"):
        page = client.get(f"/cases/{case_id}/attachments/{address}")
        assert page.status == 404
        assert bare(page) == missing


def test_who_is_not_in_the_case_leaves_nothing_on_disk(world):
    case_id = with_log(world)
    answers = {"title": "x", "document": "other", "info_type": "own"}
    for who in ("per", "kari", "anne", "asta"):
        client = client_for(world, who)
        token = client.get("/help").all("input", name="csrf_token")[0].get("value")
        page = post_file(client, path_of(case_id), {"csrf_token": token, **answers}, "x", pdf())
        assert page.status == 404
    assert left(world) == []


def test_a_stale_form_and_a_visitor_leave_nothing_on_disk(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    stale = {"csrf_token": "stale", "title": "x"}
    assert post_file(client, path_of(case_id), stale, "x.pdf", pdf()).status == 400
    client.client.delete_cookie("st_session")
    assert post_file(client, path_of(case_id), stale, "x.pdf", pdf()).status in {400, 401}
    assert left(world) == []


def test_a_request_that_breaks_off_attaches_nothing(world):
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    form = client.get(path_of(case_id)).form(path_of(case_id))
    answers = {**form, "title": "x", "document": "other", "info_type": "own"}
    page = post_file(client, path_of(case_id), answers, "x.pdf", pdf(), ended=False)
    assert page.status in {400, 422}
    assert left(world) == []


def test_no_address_lets_werkzeug_write_a_file_down(world, monkeypatch):
    """The framework's own way would put the file into a temporary file in plain."""

    def written(*_args, **_kwargs):
        pytest.fail("a file was to be written down in plain")

    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, written)
    monkeypatch.setattr(werkzeug.formparser, "SpooledTemporaryFile", written)
    case_id = with_log(world)
    client = client_for(world, "ingrid")
    assert send(client, case_id, pdf("x" * 900_000)).status == 303
    note = f"/cases/{case_id}/notes/new"
    answers = {**client.get(note).form(note), "info_type": "own", "text": "Et notat"}
    assert post_file(client, note, answers, "x.pdf", pdf("x" * 700_000)).status == 303
    assert len(left(world)) == 1


def test_a_new_version_is_offered_with_what_the_old_one_was(world):
    case_id = with_log(world)
    file_id = attached(world, case_id)
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/attachments/{file_id}/new-version"
    form = client.get(path).form(path)
    assert (form["title"], form["document"], form["info_type"]) == (
        "Lesetest",
        "assessment",
        "learning",
    )
    shown = client.follow(post_file(client, path, form, "skann.jpg", jpeg()))
    assert "1 earlier version" in shown.text
    assert len(links(shown)) == 2


def test_a_file_is_taken_away_with_a_reason(world):
    case_id = with_log(world)
    file_id = attached(world, case_id, title="Epikrise")
    client = client_for(world, "ingrid")
    path = f"/cases/{case_id}/attachments/{file_id}/remove"
    page = client.get(path)
    assert page.heading == "Take away: Epikrise"
    assert client.post(path, page.form(path)).status == 422
    page = client.get(path)
    shown = client.follow(client.post(path, {**page.form(path), "reason": "other_child"}))
    assert "A file was taken away" in shown.text
    assert "It is about another child" in shown.text
    assert "Epikrise" not in shown.text
    assert client.get(f"/cases/{case_id}/attachments/{file_id}").status == 404
    assert client.get(path).status == 404


def test_on_paper_the_files_are_listed_and_not_linked(world):
    case_id = with_log(world)
    attached(world, case_id)
    page = client_for(world, "ingrid").get(f"/cases/{case_id}/print")
    assert "Lesetest" in page.text
    assert links(page) == []


def test_who_has_opened_a_file_is_in_the_cases_list_of_who_has_seen(world):
    case_id = with_log(world)
    file_id = attached(world, case_id)
    client_for(world, "siv").get(f"/cases/{case_id}/attachments/{file_id}")
    page = client_for(world, "ingrid").get(f"/cases/{case_id}/accesses")
    assert "Opened an attached file" in page.text
