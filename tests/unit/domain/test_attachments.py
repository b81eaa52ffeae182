"""Names of files, who may take one away, and who a file is shared with."""

import unicodedata
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain import attachments
from bti.domain.attachments import NAME_LENGTH, Shared, clean_name, may_remove, shared_with
from bti.domain.codes import InfoType, Role
from bti.domain.compartments import CORE, service_compartment
from bti.domain.consent import CellFacts
from bti.domain.errors import RuleBroken
from bti.domain.file_kinds import FileKind
from bti.domain.relations import ObjectFacts, ObjectKind, Subject

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TENANT, SCHOOL, PPS, HEALTH, ME, OTHER = (uuid.UUID(int=n) for n in range(1, 7))


@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        ("Lesetest høst 2026.pdf", "Lesetest høst 2026.pdf"),
        ("rapport", "rapport.pdf"),
        ("RAPPORT.PDF", "RAPPORT.pdf"),
        ("rapport.docx", "rapport.pdf"),
        ("rapport.pdf.pdf", "rapport.pdf"),
        ("rapport.exe", "rapport.exe.pdf"),
        ("Kari.Lund", "Kari.Lund.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Per\\notat.pdf", "notat.pdf"),
        ("..\\..\\x.pdf", "x.pdf"),
        ("...", "_.pdf"),
        ("", "_.pdf"),
        (".pdf", "_.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie_ x=1.pdf"),
        ("rapport\u202efdp.exe", "rapportfdp.exe.pdf"),
        ("a\u200bb\ufeff.pdf", "ab.pdf"),
        ("\u2066innsiden\u2069.pdf", "innsiden.pdf"),
        ("\ud800.pdf", "_.pdf"),
        ('<b>"x"|?*.pdf', "_b__x____.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("com1", "_com1.pdf"),
        ("a \u00a0  b.pdf", "a b.pdf"),
        ("A\u030angstro\u0308m.pdf", "Ångström.pdf"),
    ],
)
def test_a_name_is_made_safe_and_stays_readable(given_name: str, cleaned: str):
    assert clean_name(given_name, FileKind.PDF) == cleaned


@given(st.text(max_size=400), st.sampled_from(list(FileKind)))
def test_no_name_can_do_harm(given_name: str, kind: FileKind):
    name = clean_name(given_name, kind)
    assert name.endswith(f".{kind.value}")
    assert len(name) <= NAME_LENGTH
    assert len(name.encode()) <= 4 * NAME_LENGTH
    assert name == unicodedata.normalize("NFC", name)
    assert not set(name) & set('/\\<>:"|?*\r\n\0')
    assert all(unicodedata.category(sign)[0] != "C" for sign in name)
    assert not name.startswith((".", " "))
    assert clean_name(name, kind) == name, "cleaning twice changes nothing"


@pytest.mark.parametrize(
    ("role", "author", "unit", "may"),
    [
        (Role.STAFF, ME, SCHOOL, True),
        (Role.STAFF, OTHER, SCHOOL, False),
        (Role.UNIT_LEAD, OTHER, SCHOOL, True),
        (Role.UNIT_LEAD, ME, PPS, False),
        (Role.STAFF, ME, PPS, False),
        (Role.TEAM_LEAD, OTHER, SCHOOL, False),
    ],
)
def test_a_file_is_taken_away_by_who_attached_it_or_their_leader(role, author, unit, may):
    subject = Subject(
        account_id=ME, tenant_id=TENANT, role=role, unit_id=SCHOOL, strength="passkey"
    )
    compartment = service_compartment(unit, InfoType.LEARNING)
    assert may_remove(subject, compartment=compartment, author=author) is may
    assert not may_remove(subject, compartment=CORE, author=author)


def cell(to: uuid.UUID, info_type=InfoType.LEARNING, days: int = 30, withdrawn: int | None = None):
    return CellFacts(
        consent_id=uuid.UUID(int=99),
        from_unit=SCHOOL,
        to_unit=to,
        info_type=info_type,
        valid_from=NOW - timedelta(days=10),
        valid_to=NOW + timedelta(days=days),
        withdrawn_at=None if withdrawn is None else NOW + timedelta(days=withdrawn),
    )


def facts(*cells: CellFacts) -> ObjectFacts:
    return ObjectFacts(kind=ObjectKind.CASE, tenant_id=TENANT, owner_unit=SCHOOL, cells=cells)


def test_a_file_is_shared_with_those_a_live_consent_covers_and_no_others():
    found = shared_with(
        facts(
            cell(HEALTH, days=90),
            cell(PPS, days=30),
            cell(PPS, days=60),
            cell(ME, InfoType.HEALTH),
            cell(OTHER, withdrawn=-1),
            cell(TENANT, days=-1),
        ),
        SCHOOL,
        InfoType.LEARNING,
        NOW,
    )
    assert found == (
        Shared(PPS, NOW + timedelta(days=60)),
        Shared(HEALTH, NOW + timedelta(days=90)),
    )


def test_what_another_unit_shares_says_nothing_of_ones_own():
    assert shared_with(facts(cell(PPS)), HEALTH, InfoType.LEARNING, NOW) == ()


def test_a_services_own_papers_are_never_shared():
    assert shared_with(facts(cell(PPS, InfoType.OWN)), SCHOOL, InfoType.OWN, NOW) == ()


def test_a_file_may_have_as_many_bytes_as_allowed_and_not_one_more():
    attachments.check_size(10, 10)
    with pytest.raises(RuleBroken, match="too_large"):
        attachments.check_size(11, 10)


def test_a_case_takes_as_many_files_as_allowed_and_not_one_more():
    attachments.check_room(9, 10)
    with pytest.raises(RuleBroken, match="too_many"):
        attachments.check_room(10, 10)
