"""Attached files through the workflows: who reads them, what is on disk, and what the log says."""

import os
import stat
import uuid
from pathlib import Path

import pytest
from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent, AuditSubject
from bti.audit.reconcile import reconcile
from bti.db.models import Attachment
from bti.domain.access import Action
from bti.domain.codes import InfoType
from bti.domain.errors import AccessDenied, Conflict, NotFound, RuleBroken
from bti.workflows import attachment, attachment_page, consent
from bti.workflows.attachment import Attach, DocumentKind, RemovalReason
from tests.files import office, pdf
from tests.integration.workflows import cases
from tests.integration.workflows.states import invite, share, with_log

MARK = b"zqkartleggingzq"


def uploaded(world, who, case_id, data, name="lesetest.pdf", *, piece=7_000):
    """A file that has arrived in pieces, as from a browser."""
    upload = attachment.begin_upload(world.runtime.settings, world.actor(who), case_id, name)
    for at in range(0, len(data), piece):
        upload.write(data[at : at + piece])
    return upload


def attached(world, case_id, who="ingrid", data=None, **changes):
    """Attach a file; returns its id."""
    wanted = {
        "case_id": case_id,
        "submission": uuid.uuid4(),
        "title": "Lesetest",
        "document": DocumentKind.ASSESSMENT,
        "info_type": InfoType.LEARNING,
    } | changes
    upload = uploaded(world, who, case_id, pdf() if data is None else data)
    try:
        return world.run(who, attachment.attach, Attach(**wanted), upload)
    finally:
        upload.discard()


def read(world, case_id, file_id, who="ingrid") -> bytes:
    """What somebody gets when they open a file."""
    file = world.run(who, attachment.open_file, case_id=case_id, attachment_id=file_id)
    return b"".join(file.content(file.verified()))


def lines(world, case_id, who="ingrid"):
    """The list as somebody sees it."""

    def look(context):
        opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
        return attachment_page.section_of(context, opened).lines

    return world.run(who, look)


def row_of(world, file_id):
    """The stored row, as anyone with the database sees it."""
    return cases.rows(world, Attachment, Attachment.id == file_id)[0]


def blob_of(world, file_id) -> Path:
    """The sealed file of a row."""
    name = row_of(world, file_id).blob
    return world.runtime.settings.blob_dir / name[:2] / name


def acts(world, kind, object_id):
    """The acts in the log about something, in their order."""

    def look(context):
        found = context.session.execute(
            select(AuditEvent.act)
            .join(
                AuditSubject,
                (AuditSubject.tenant_id == AuditEvent.tenant_id)
                & (AuditSubject.idx == AuditEvent.idx),
            )
            .where(AuditSubject.kind == kind, AuditSubject.object_id == object_id)
            .order_by(AuditEvent.idx)
        )
        return list(found.scalars())

    return world.system(look)


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request):
    """A world on each engine."""
    return request.getfixturevalue("world" if request.param == "sqlite" else "postgres_world")


def test_a_file_comes_out_as_it_went_in(anywhere):
    case_id = with_log(anywhere)
    data = pdf("x" * 90_000)
    file_id = attached(anywhere, case_id, data=data)
    assert read(anywhere, case_id, file_id) == data
    [line] = lines(anywhere, case_id)
    assert (line.title, line.name, line.size) == ("Lesetest", "lesetest.pdf", len(data))
    assert (line.by, line.audience.unit) == ("Ingrid Solberg", "Lindvik ungdomsskole")


def test_on_disk_there_is_nothing_to_read_and_only_the_owner_reads_it(world):
    case_id = with_log(world)
    file_id = attached(world, case_id, data=pdf(MARK.decode()))
    blob = blob_of(world, file_id)
    assert stat.S_IMODE(blob.stat().st_mode) == 0o600
    assert stat.S_IMODE(blob.parent.stat().st_mode) == 0o700
    everything = [p for p in world.runtime.settings.var_dir.rglob("*") if p.is_file()]
    assert blob in everything
    assert [p for p in everything if MARK in p.read_bytes()] == []
    assert [p for p in everything if b"lesetest" in p.read_bytes()] == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(1, 15_000, True), (20_000, 20_100, True), (20_000, 40_000, False)],
)
def test_the_length_on_disk_tells_a_size_class_only(world, one, other, same):
    case_id = with_log(world)
    sizes = {
        blob_of(world, attached(world, case_id, data=pdf("x" * size))).stat().st_size
        for size in (one, other)
    }
    assert (len(sizes) == 1) is same


def test_every_opening_is_in_the_log_before_anything_is_given(world):
    case_id = with_log(world)
    file_id = attached(world, case_id)
    file = world.run("siv", attachment.open_file, case_id=case_id, attachment_id=file_id)
    assert acts(world, "attachment", file_id) == [
        Act.CASE_ATTACHMENT_CREATE.value,
        Act.CASE_ATTACHMENT_READ.value,
    ]
    assert "lesetest" not in repr(file)


def test_a_list_does_not_open_the_keys_of_the_files(world, monkeypatch):
    case_id = with_log(world)
    attached(world, case_id)
    monkeypatch.setattr(Attachment, "key", property(lambda _row: pytest.fail("opened")))
    assert len(lines(world, case_id)) == 1


# -- consent ------------------------------------------------------------------------------------


def shared_case(world, *types):
    """A case that PPS shares ``types`` of with the school; Nina is in it."""
    case_id = with_log(world)
    consent_id = share(world, case_id, "pps", *types)
    invite(world, case_id, "nina")
    return case_id, consent_id


def test_another_service_opens_what_consent_covers_and_does_not_know_of_the_rest(world):
    case_id, _ = shared_case(world, InfoType.LEARNING)
    open_to_both = attached(world, case_id, info_type=InfoType.LEARNING)
    closed = attached(world, case_id, info_type=InfoType.HEALTH)
    own = attached(world, case_id, info_type=InfoType.OWN)

    assert read(world, case_id, open_to_both, "nina") == pdf()
    assert [line.id for line in lines(world, case_id, "nina")] == [open_to_both]
    for hidden in (closed, own):
        with pytest.raises(AccessDenied):
            read(world, case_id, hidden, "nina")
    assert len(lines(world, case_id)) == 3


def test_the_list_says_who_can_open_a_file_and_until_when(world):
    case_id, _ = shared_case(world, InfoType.LEARNING)
    attached(world, case_id, info_type=InfoType.LEARNING)
    attached(world, case_id, info_type=InfoType.HEALTH)
    by_type = {line.info_type: line.audience for line in lines(world, case_id)}
    assert by_type[InfoType.LEARNING].others == ("PP-tjenesten",)
    assert by_type[InfoType.LEARNING].until is not None
    assert by_type[InfoType.HEALTH].others == ()
    assert not by_type[InfoType.HEALTH].hidden


def test_withdrawn_consent_closes_the_files_at_once(world):
    case_id, consent_id = shared_case(world, InfoType.LEARNING)
    file_id = attached(world, case_id)
    assert read(world, case_id, file_id, "nina") == pdf()
    people = cases.guardians(world, case_id)
    world.run(
        "ingrid",
        consent.withdraw,
        case_id=case_id,
        consent_id=consent_id,
        person_id=next(iter(people.values())),
    )
    with pytest.raises(AccessDenied):
        read(world, case_id, file_id, "nina")
    assert lines(world, case_id)[0].audience.others == ()


def test_a_colleague_who_may_not_know_the_services_is_not_told_them(world):
    case_id, _ = shared_case(world, InfoType.LEARNING)
    share(world, case_id, "health", InfoType.LEARNING)
    attached(world, case_id)
    audience = lines(world, case_id, "nina")[0].audience
    assert "Skolehelsetjenesten" not in str(audience)
    assert (audience.others, audience.hidden) == (("PP-tjenesten",), True)


# -- versions and taking away -------------------------------------------------------------------


def test_a_new_version_stands_in_front_and_the_old_one_can_still_be_read(world):
    case_id = with_log(world)
    first = attached(world, case_id, data=pdf("one"))
    second = attached(world, case_id, data=office(), replaces=first, info_type=InfoType.HEALTH)
    [line] = lines(world, case_id)
    assert (line.id, [old.id for old in line.earlier]) == (second, [first])
    assert line.info_type is InfoType.LEARNING, "a new version is open to whom the old one was"
    assert read(world, case_id, first) == pdf("one")


def test_of_two_new_versions_of_the_same_file_the_second_is_told(world):
    case_id = with_log(world)
    first = attached(world, case_id)
    attached(world, case_id, replaces=first)
    with pytest.raises(Conflict):
        attached(world, case_id, who="siv", replaces=first)


def test_nobody_gives_another_services_file_a_new_version(world):
    case_id, _ = shared_case(world, InfoType.LEARNING)
    file_id = attached(world, case_id)
    with pytest.raises(AccessDenied):
        attached(world, case_id, "nina", replaces=file_id)


def test_what_is_taken_away_is_open_to_nobody_and_stays(world):
    case_id = with_log(world)
    file_id = attached(world, case_id, title="Epikrise Per Hansen")
    blob = blob_of(world, file_id)
    remove(world, case_id, file_id)
    for who in ("ingrid", "siv"):
        with pytest.raises(AccessDenied):
            read(world, case_id, file_id, who)
    [line] = lines(world, case_id)
    assert line.removal.reason is RemovalReason.OTHER_CHILD
    assert line.removal.by == "Ingrid Solberg"
    assert (line.title, line.name) == ("", ""), "the title may name another child"
    assert blob.exists(), "arkivlova § 13: nothing is destroyed by one person's click"
    with pytest.raises(AccessDenied):
        remove(world, case_id, file_id)


def remove(world, case_id, file_id, who="ingrid"):
    world.run(
        who,
        attachment.remove,
        case_id=case_id,
        attachment_id=file_id,
        reason=RemovalReason.OTHER_CHILD,
    )


def test_only_who_attached_a_file_or_their_leader_takes_it_away(world):
    case_id, _ = shared_case(world, InfoType.LEARNING)
    file_id = attached(world, case_id)
    with pytest.raises(AccessDenied):
        remove(world, case_id, file_id, "nina")
    remove(world, case_id, file_id, "siv")


# -- sending ------------------------------------------------------------------------------------


def test_the_same_form_sent_twice_attaches_one_file(world):
    case_id = with_log(world)
    submission = uuid.uuid4()
    ids = {attached(world, case_id, submission=submission) for _ in range(2)}
    assert len(ids) == len(lines(world, case_id)) == 1
    assert len(list(world.runtime.settings.blob_dir.glob("??/*"))) == 1


def test_one_byte_too_many_is_refused_and_nothing_is_left(world):
    case_id = with_log(world)
    most = world.runtime.settings.attachment_mib << 20
    for size, taken in ((most, True), (most + 1, False)):
        data = pdf()[:-6] + b" " * (size - len(pdf())) + pdf()[-6:]
        upload = uploaded(world, "ingrid", case_id, data, piece=1 << 20)
        if taken:
            assert upload.complete().size == most
        else:
            with pytest.raises(RuleBroken, match="too_large"):
                upload.complete()
        upload.discard()
    assert list((world.runtime.settings.blob_dir / "incoming").iterdir()) == []


def test_a_case_has_no_more_files_than_it_may(world, monkeypatch):
    case_id = with_log(world)
    monkeypatch.setitem(world.runtime.settings.__dict__, "case_attachments", 1)
    attached(world, case_id)
    with pytest.raises(RuleBroken, match="too_many"):
        attached(world, case_id)


def test_a_full_disk_refuses_the_file_and_keeps_no_row(world, monkeypatch):
    case_id = with_log(world)

    def full(_descriptor):
        raise OSError(28, "no room")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RuleBroken, match="no_room"):
        attached(world, case_id)
    monkeypatch.undo()
    assert lines(world, case_id) == ()


def test_an_upload_for_one_case_is_not_attached_to_another(world):
    case_id, other = with_log(world), with_log(world)
    upload = uploaded(world, "ingrid", other, pdf())
    command = Attach(
        case_id=case_id,
        submission=None,
        title="",
        document=DocumentKind.OTHER,
        info_type=InfoType.OWN,
    )
    with pytest.raises(NotFound):
        world.run("ingrid", attachment.attach, command, upload)
    assert lines(world, case_id) == lines(world, other) == ()


def test_whoever_is_not_in_the_case_attaches_and_opens_nothing(world):
    case_id = with_log(world)
    file_id = attached(world, case_id)
    for who in ("per", "kari", "anne", "asta"):
        with pytest.raises(AccessDenied):
            attached(world, case_id, who)
        with pytest.raises(AccessDenied):
            read(world, case_id, file_id, who)
    assert acts(world, "case", case_id).count(Act.ACCESS_REQUEST_DENY.value) == 8


def test_a_file_is_not_opened_through_another_case(world):
    case_id, other = with_log(world), with_log(world)
    file_id = attached(world, case_id)
    with pytest.raises(AccessDenied):
        read(world, other, file_id)
    with pytest.raises(AccessDenied):
        read(world, case_id, uuid.uuid4())


def test_a_resting_log_takes_no_more_files(world):
    case_id = cases.new_case(world)
    attached(world, case_id)
    opening = cases.agreed(world, case_id)
    cases.log_open(world, case_id)
    attached(world, case_id)
    people = cases.guardians(world, case_id)
    world.run(
        "ingrid",
        consent.withdraw,
        case_id=case_id,
        consent_id=opening,
        person_id=next(iter(people.values())),
    )
    with pytest.raises(RuleBroken, match=r"log\.resting"):
        attached(world, case_id)


def test_the_log_covers_the_row_and_with_it_the_digest_of_the_file(world):
    case_id = with_log(world)
    attached(world, case_id)

    def differences(context):
        return list(reconcile(context.session, world.tenant_id))

    assert world.system(differences) == []
