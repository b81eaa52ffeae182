"""Indicators in the database: brought in once, corrected by a new version, ended, and never written over."""

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bti.slt.account import create_account
from bti.slt.indicator import IndicatorFileError
from bti.slt.indicator_change import (
    BringIn,
    IndicatorRefusedError,
    bring_in,
    end_indicators,
    import_indicators,
)
from bti.slt.indicator_file import About, load
from bti.slt.indicator_stored import show_file, show_indicator, show_indicators
from bti.slt.perform import AccessDenied
from bti.slt.role import NetworkRole
from tests.integration.slt.samples import a_coordinator
from tests.integration.slt.test_roles import someone

ABOUT = About("Ungdata", "Ungdata, NOVA", "https://ungdata.example/rapport", "CC BY 4.0", "Landet")
TABLE = "Kode;Indikator;Enhet;Gruppe;År;Verdi;Sammenligning\n"
ROWS = "truancy;Skulking;prosent;8.–10.;2024;36,25;27\ntruancy;Skulking;prosent;8.–10.;2021;:;\n"
FIRST = BringIn(TABLE + ROWS, ABOUT)
WHY = "NOVA har rettet tallet."


def events(network):
    with network.runtime.engine.begin() as connection:
        kinds = connection.execute(text("SELECT kind FROM slt_events ORDER BY at")).scalars()
        return [one for one in kinds if one.startswith("indicator:")]


def test_the_same_file_changes_nothing_and_a_corrected_one_is_a_new_version_that_is_frozen(network):
    run, (_, olav) = network.runtime, network.signed_in()
    first = bring_in(run, olav, FIRST)
    assert (first.new, first.readings) == (True, 2)
    again = bring_in(run, olav, replace(FIRST, text="\ufeff" + FIRST.text.replace("\n", "\r\n")))
    assert (again.new, again.id) == (False, first.id)
    assert import_indicators(run, FIRST, "9901").id == first.id
    mended = BringIn(TABLE + ROWS.replace("36,25", "35"), ABOUT)
    with pytest.raises(IndicatorRefusedError, match="correction"):
        bring_in(run, olav, mended)
    with pytest.raises(IndicatorRefusedError, match="reason"):
        bring_in(run, olav, replace(mended, reason="kort"))
    second = bring_in(run, olav, replace(mended, reason=WHY))
    page = show_file(run, olav, second.id)
    assert [(one.version, one.stands, one.reason) for one in page.versions] == [
        (2, True, WHY),
        (1, False, ""),
    ]
    assert page.names[page.file.account_id] == "Olav Lien"
    kept = show_file(run, olav, first.id).readings[0]
    assert (kept.value.value, kept.comparison.value) == (Decimal("36.25"), 27)
    shown = show_indicator(run, olav, "truancy").readings
    assert [one.reading.value.value for one in shown] == [35, None]
    assert shown[1].reading.value.sign == ":"
    assert shown[0].file.about == ABOUT
    assert events(network) == ["indicator:import"] * 2 + ["indicator:read"] * 3
    # Nobody writes over any of it, with or without this program.
    for act in (
        "UPDATE indicator_readings SET value = 0",
        "DELETE FROM indicator_readings",
        "UPDATE indicator_files SET source = 'x'",
        "DELETE FROM indicator_files",
    ):
        with pytest.raises(DBAPIError, match="frozen"), run.engine.begin() as connection:
            connection.execute(text(act))


def test_a_file_is_taken_out_of_use_with_a_reason_and_can_come_back(network):
    run, (_, olav) = network.runtime, network.signed_in()
    first = bring_in(run, olav, FIRST)
    with pytest.raises(IndicatorRefusedError, match="reason"):
        end_indicators(run, olav, first.id, " ")
    end_indicators(run, olav, first.id, "Feil kommune var valgt.")
    with pytest.raises(IndicatorRefusedError, match="over"):
        end_indicators(run, olav, first.id, "Feil kommune var valgt.")
    assert show_indicators(run, olav).files == ()
    with pytest.raises(AccessDenied):
        show_indicator(run, olav, "truancy")
    ended = show_file(run, olav, first.id).file
    assert (ended.ended_by, ended.ended_why) == (olav.account_id, "Feil kommune var valgt.")
    with pytest.raises(IndicatorRefusedError, match="correction"):
        bring_in(run, olav, FIRST)
    back = bring_in(run, olav, replace(FIRST, reason="Kommunen var likevel riktig."))
    assert [one.id for one in show_indicators(run, olav).files] == [back.id]


def test_what_is_wrong_with_a_file_or_what_is_said_of_it_brings_nothing_in(network):
    run, (_, olav) = network.runtime, network.signed_in()
    for about, code in (
        (replace(ABOUT, title=" "), "title"),
        (replace(ABOUT, source=""), "source"),
        (replace(ABOUT, address="javascript:alert(1)"), "address"),
        (replace(ABOUT, address="https://a\nb"), "address"),
        (replace(ABOUT, terms="=1+1"), "text"),
        (replace(ABOUT, title="x" * 201), "text"),
        (replace(ABOUT, language="xx"), "text"),
        (replace(ABOUT, terms="Spør ole@eksempel.no"), "names"),
    ):
        with pytest.raises(IndicatorRefusedError, match=code):
            bring_in(run, olav, replace(FIRST, about=about))
    with pytest.raises(IndicatorFileError):
        bring_in(run, olav, replace(FIRST, text=FIRST.text + "truancy;;;;;;\n"))
    with pytest.raises(IndicatorRefusedError, match="municipality"):
        import_indicators(run, FIRST, "9902")
    assert show_indicators(run, olav).files == ()
    assert events(network) == ["indicator:read"]
    named = bring_in(run, olav, replace(FIRST, about=replace(ABOUT, terms="Spør ole@eksempel.no"), reason="Adressen er offentlig."))  # fmt: skip
    assert show_file(run, olav, named.id).file.reason == "Adressen er offentlig."


def test_only_the_own_municipality_reads_and_only_its_coordinator_writes(network):
    run, (_, olav) = network.runtime, network.signed_in()
    about, table = load("aukra-ungdata-2024")
    first = import_indicators(run, BringIn(table, about), "9901")
    assert first.readings == 45
    reader, _ = someone(network, NetworkRole.COUNCIL_READER, "rolf")
    member, _ = someone(network, NetworkRole.MEMBER, "mina")
    made = create_account(run, replace(a_coordinator(username="nabo"), municipality_number="9902"))
    neighbour = replace(olav, account_id=made.id, municipality_number="9902")
    assert len(show_indicators(run, reader).readings) == 45
    assert show_indicators(run, neighbour).readings == ()
    for act in (
        lambda: bring_in(run, reader, FIRST),
        lambda: bring_in(run, member, FIRST),
        lambda: end_indicators(run, reader, first.id, "Feil kommune var valgt."),
        lambda: end_indicators(run, neighbour, first.id, "Feil kommune var valgt."),
        lambda: show_file(run, neighbour, first.id),
        lambda: show_file(run, olav, uuid.uuid4()),
        lambda: show_indicator(run, neighbour, "truancy"),
        lambda: show_indicator(run, olav, "truancy\0"),
        lambda: show_indicators(run, member),
        lambda: show_file(run, member, first.id),
    ):
        with pytest.raises(AccessDenied):
            act()
