"""Appendices of a plan: files by their own bytes, addresses, and what is taken out again."""

import io
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from bti.domain.errors import RuleBroken
from bti.domain.file_kinds import FileKind
from bti.slt.appendix import (
    MOST,
    MOST_BYTES,
    Attach,
    Removal,
    attach,
    is_link,
    read_file,
    show_appendices,
    show_appendix,
    take_away,
)
from bti.slt.models import SltEvent
from bti.slt.perform import AccessDenied
from bti.slt.plan_change import PlanRefusedError
from bti.slt.plan_show import show_history
from bti.slt.role import NetworkRole
from tests.files import pdf
from tests.integration.slt.samples import Network
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_plan import (
    ON_ONE_ENGINE,
    neighbour,
    olav,  # noqa: F401 - fixture
    plan_id,  # noqa: F401 - fixture
)
from tests.integration.slt.test_plan_pages import fill, inside  # noqa: F401 - fixture


def a_file(**changes):
    return replace(Attach(uuid.uuid4(), "Politirådsavtale", "avtale.pdf", pdf(), "", ""), **changes)


def a_link(**changes):
    return a_file(**{"name": "", "content": b"", "link": "https://lindvik.example/plan", **changes})


def test_an_appendix_is_read_back_until_it_is_taken_out_of_the_database(
    network: Network,
    olav,  # noqa: F811 - the fixture above
    plan_id,  # noqa: F811 - the fixture above
):
    run, who = network.runtime, olav
    file, link = a_file(), a_link(title="Kommuneplanen")
    for command in (file, link, file):
        attach(run, who, plan_id, command)
        network.clock.advance(timedelta(seconds=1))
    newest, oldest = show_appendices(run, who, plan_id).standing
    assert (newest.title, newest.kind, newest.link) == ("Kommuneplanen", None, link.link)
    assert (oldest.title, oldest.kind, oldest.size) == (
        "Politirådsavtale",
        FileKind.PDF,
        len(pdf()),
    )
    sent = read_file(run, who, plan_id, file.id)
    assert (sent.name, sent.mime, sent.content) == (
        "Politirådsavtale.pdf",
        "application/pdf",
        pdf(),
    )
    with pytest.raises(AccessDenied):
        read_file(run, who, plan_id, link.id)
    take_away(run, who, plan_id, file.id, Removal.NAMES)
    page = show_appendices(run, who, plan_id)
    assert [one.id for one in page.standing] == [link.id]
    assert page.removed == (("Politirådsavtale", Removal.NAMES),)
    for tried in (read_file, show_appendix):
        with pytest.raises(AccessDenied):
            tried(run, who, plan_id, file.id)
    with run.engine.connect() as connection:
        kept = connection.execute(
            text("SELECT content, sha256 FROM plan_appendices WHERE kind = 'pdf'")
        ).one()
    assert kept.content is None
    assert len(kept.sha256) == 64
    changes = [(c.part, c.old, c.new) for c in show_history(run, who, plan_id).changes]
    assert changes[:3] == [
        ("appendix_removed", "Politirådsavtale", "names"),
        ("appendix", "", "Kommuneplanen"),
        ("appendix", "", "Politirådsavtale"),
    ]


def test_what_was_attached_is_not_written_over_nor_brought_back(
    network: Network,
    olav,  # noqa: F811 - the fixture above
    plan_id,  # noqa: F811 - the fixture above
):
    attach(network.runtime, olav, plan_id, a_link())
    gone = a_file()
    attach(network.runtime, olav, plan_id, gone)
    take_away(network.runtime, olav, plan_id, gone.id, Removal.WRONG)
    for statement in (
        "UPDATE plan_appendices SET title = 'Noe annet'",
        "UPDATE plan_appendices SET link = 'https://annet.example' WHERE kind = ''",
        "UPDATE plan_appendices SET removed_at = NULL, removed_by = NULL WHERE kind = 'pdf'",
        "UPDATE plan_appendices SET removed_why = 'outdated' WHERE kind = 'pdf'",
        "DELETE FROM plan_appendices",
    ):
        with (
            pytest.raises(DatabaseError, match="frozen"),
            network.runtime.engine.begin() as connection,
        ):
            connection.execute(text(statement))


@ON_ONE_ENGINE
def test_what_is_no_appendix_is_refused_and_nothing_is_kept(
    network: Network,
    olav,  # noqa: F811 - the fixture above
    plan_id,  # noqa: F811 - the fixture above
):
    for command, code in (
        (a_file(name="", content=b""), "plan.nothing"),
        (a_file(link="https://lindvik.example"), "plan.both"),
        (a_link(link="http://lindvik.example"), "plan.link"),
        (a_file(title="Samtale med Kari Nordmann"), "plan.names"),
        (a_file(title="", name="Kari Nordmann.pdf"), "plan.names"),
        (a_file(content=b""), "attachment.empty"),
        (a_file(content=b"<svg onload=alert(1)>"), "attachment.kind"),
        (a_file(content=b"x" * (MOST_BYTES + 1)), "attachment.too_large"),
    ):
        with pytest.raises((PlanRefusedError, RuleBroken)) as refused:
            attach(network.runtime, olav, plan_id, command)
        assert refused.value.code == code
    assert show_appendices(network.runtime, olav, plan_id).standing == ()
    kept = a_file(title="Samtale med Kari Nordmann", reason="Navnet på et kurs")
    attach(network.runtime, olav, plan_id, kept)
    assert show_history(network.runtime, olav, plan_id).changes[0].reason == "Navnet på et kurs"


@ON_ONE_ENGINE
def test_a_plan_has_room_for_so_many_and_no_more(
    network: Network,
    olav,  # noqa: F811 - the fixture above
    plan_id,  # noqa: F811 - the fixture above
):
    ids = []
    for _ in range(MOST):
        one = a_link()
        ids.append(one.id)
        attach(network.runtime, olav, plan_id, one)
    with pytest.raises(PlanRefusedError, match=r"plan\.full"):
        attach(network.runtime, olav, plan_id, a_link())
    take_away(network.runtime, olav, plan_id, ids[0], Removal.OUTDATED)
    attach(network.runtime, olav, plan_id, a_link())


def test_a_neighbour_and_a_reader_change_nothing_and_the_neighbour_sees_nothing(
    network: Network,
    olav,  # noqa: F811 - the fixture above
    plan_id,  # noqa: F811 - the fixture above
):
    run, file = network.runtime, a_file()
    attach(run, olav, plan_id, file)
    kari, reader = neighbour(network), replace(olav, role=NetworkRole.COUNCIL_READER)
    for who in (kari, reader):
        for tried in (
            lambda who=who: attach(run, who, plan_id, a_file()),
            lambda who=who: take_away(run, who, plan_id, file.id, Removal.WRONG),
            lambda who=who: show_appendix(run, who, plan_id, file.id),
        ):
            with pytest.raises(AccessDenied):
                tried()
    for tried in (show_appendices, lambda *args: read_file(*args, file.id)):
        with pytest.raises(AccessDenied):
            tried(run, kari, plan_id)
    assert read_file(run, reader, plan_id, file.id).content == pdf()
    with run.sessions() as session, session.begin():
        denied = select(SltEvent.account_id).where(SltEvent.kind == "access:deny")
        assert set(session.scalars(denied)) == {kari.account_id, olav.account_id}


@given(st.text("abc./:?#@\\ \n<>\"'", max_size=20))
def test_an_address_is_of_the_open_net_and_nothing_else(rest):
    link = f"https://{rest}"
    if is_link(link):
        host = rest.split("/")[0].split("?")[0].split("#")[0]
        assert host.count(".") >= 1
        assert not set(host) & set("@ \n\\")
        assert not set(rest) & set(" \n\\")


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("https://www.lindvik.kommune.example/planer?ar=2026#del", True),
        ("HTTPS://lindvik.example", False),
        ("javascript:alert(1)//https://lindvik.example", False),
        ("https://navn:passord@lindvik.example/", False),
        ("https://localhost/plan", False),
        ("https://lindvik.example/" + "a" * 500, False),
    ],
)
def test_addresses(link, good):
    assert is_link(link) is good


def test_a_file_is_attached_saved_and_taken_away_on_the_pages(inside):  # noqa: F811 - fixture
    plan = inside.get("/network/plan")
    page = inside.get(next(a.get("href") for a in plan.all("a") if "appendices" in a.get("href")))
    assert page.heading == "Appendices"
    address = next(a.get("href") for a in page.all("a") if a.get("href").endswith("/new"))
    typed = fill(inside.get(address), title="Politirådsavtale")
    without = inside.post(address, {**typed, "looked_through": "y"})
    assert without.status == 422
    assert "choose a file" in without.text
    unseen = inside.post(address, {**typed, "file": (io.BytesIO(pdf()), "avtale.pdf")})
    assert unseen.status == 422
    assert fill(unseen)["title"] == "Politirådsavtale"
    sent = {**typed, "looked_through": "y", "file": (io.BytesIO(pdf()), "avtale.pdf")}
    listed = inside.follow(inside.post(address, sent))
    link = next(a for a in listed.all("a") if a.text == "Politirådsavtale")
    got = inside.client.get(link.get("href"))
    assert got.data == pdf()
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in got.headers["Content-Security-Policy"]
    away = f"{link.get('href')}/remove"
    assert inside.post(away, fill(inside.get(away))).status == 422
    left = inside.follow(inside.post(away, fill(inside.get(away), why="outdated")))
    assert "It is out of date" in left.text
    assert inside.client.get(link.get("href")).status_code == 404
    history = inside.get(address.replace("appendices/new", "history"))
    assert "Appendix taken away" in history.text
    assert "It is out of date" in history.text
