from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bti.disclosure.release import Signed
from bti.disclosure.tables import HalfYear
from bti.slt.models import SltEvent
from bti.slt.perform import AccessDenied
from bti.slt.release import (
    PublishRefusedError,
    ReleaseDamagedError,
    publish_release,
    published_releases,
    show_release,
    withdraw_release,
)
from bti.workflows.release_record import Keys
from tests.integration.slt.samples import Network, a_release, read

BY = "Anne Ruud"
REASON = "To barn var talt to ganger."


def _kinds(network: Network) -> list[str]:
    with network.runtime.sessions() as session, session.begin():
        return list(session.scalars(select(SltEvent.kind)))


def test_a_published_release_is_read_by_its_own_municipality_and_the_reading_recorded(
    network: Network,
):
    release = a_release()
    publish_release(network.runtime, release, by=BY)
    _, olav = network.signed_in()
    page = show_release(network.runtime, olav)
    assert page.release is not None
    assert page.release.release == read(release)
    assert page.release.sha256 == read(release).sha256()
    assert (page.release.published_by, page.release.version) == (BY, 1)
    assert _kinds(network).count("release:read") == 1


def test_before_anything_is_published_the_page_is_empty(network: Network):
    _, olav = network.signed_in()
    page = show_release(network.runtime, olav)
    assert (page.release, page.periods) == (None, ())


def test_publishing_the_same_release_again_changes_nothing(network: Network):
    first = publish_release(network.runtime, a_release(), by=BY)
    assert publish_release(network.runtime, a_release(), by="En annen") == first
    assert _kinds(network).count("release:publish") == 1


def test_other_numbers_for_a_published_period_are_refused(network: Network):
    publish_release(network.runtime, a_release(), by=BY)
    with pytest.raises(PublishRefusedError) as refusal:
        publish_release(network.runtime, a_release(seed=2), by=BY)
    assert refusal.value.code == "release.frozen"


def test_of_several_who_publish_at_once_one_release_stands(network: Network):
    release = a_release()
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: publish_release(network.runtime, release, by=BY), range(4)))
    assert len(found) == 1


def test_a_half_year_is_published_thirty_days_after_its_end_at_the_earliest(network: Network):
    # 30 July 2026 in Norway begins at 22.00 UTC the day before.
    network.clock.set(datetime(2026, 7, 29, 21, 59, tzinfo=UTC))
    with pytest.raises(PublishRefusedError) as refusal:
        publish_release(network.runtime, a_release(), by=BY)
    assert refusal.value.code == "release.too_early"
    network.clock.set(datetime(2026, 7, 29, 22, 0, tzinfo=UTC))
    publish_release(network.runtime, a_release(), by=BY)


def test_another_municipality_and_an_unknown_period_are_the_same_to_the_reader(network: Network):
    publish_release(network.runtime, a_release(number="9902"), by=BY)
    _, olav = network.signed_in()
    assert show_release(network.runtime, olav).release is None
    for period in ("2026H1", "1999H9", "x' OR 1=1 --", "\N{SNOWMAN}"):
        with pytest.raises(AccessDenied):
            show_release(network.runtime, olav, period)
    assert _kinds(network).count("access:deny") == 4


def test_the_latest_half_year_comes_first_and_each_can_be_chosen(network: Network):
    known: tuple[Signed, ...] = ()
    for period in ("2025H2", "2026H1", "2025H1"):
        known += (a_release(period=period, known=known),)
        publish_release(network.runtime, known[-1], by=BY)
    _, olav = network.signed_in()
    page = show_release(network.runtime, olav)
    assert [row.period for row in page.periods] == ["2026H1", "2025H2", "2025H1"]
    assert page.release is not None
    assert page.release.period == HalfYear(2026, 1)
    chosen = show_release(network.runtime, olav, "2025H1").release
    assert chosen is not None
    assert str(chosen.period) == "2025H1"


def test_a_correction_is_a_new_version_with_a_reason_and_the_old_one_is_withdrawn(
    network: Network,
):
    first = a_release()
    second = a_release(seed=2, version=2, known=(first,))
    publish_release(network.runtime, first, by=BY)
    publish_release(network.runtime, second, by=BY)
    _, olav = network.signed_in()
    page = show_release(network.runtime, olav)
    assert page.release is not None
    assert page.release.version == 2
    assert page.release.correction_reason == "Fem barn manglet."
    assert len(page.periods) == 1
    assert published_releases(network.runtime, "9901") == (read(first), read(second))
    kinds = _kinds(network)
    assert (kinds.count("release:correct"), kinds.count("release:withdraw")) == (1, 1)


def test_what_was_prepared_before_something_else_was_published_is_refused(network: Network):
    # Two approvers at once: both half-years were proven without the other.
    publish_release(network.runtime, a_release(period="2025H2"), by=BY)
    with pytest.raises(PublishRefusedError) as refusal:
        publish_release(network.runtime, a_release(), by=BY)
    assert refusal.value.code == "release.not_seen"
    publish_release(network.runtime, a_release(known=(a_release(period="2025H2"),)), by=BY)


def test_of_two_half_years_published_at_once_the_second_must_be_proven_anew(network: Network):
    def publish(period: str) -> str:
        try:
            publish_release(network.runtime, a_release(period=period), by=BY)
        except PublishRefusedError as refused:
            return refused.code
        return "published"

    periods = ("2025H2", "2026H1")
    for period in periods:
        a_release(period=period)
    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(publish, periods))
    assert found == ["published", "release.not_seen"]


def test_only_what_the_municipality_has_signed_is_taken_in(network: Network):
    good = a_release()
    for forged, code in (
        (replace(good, signature="00" * 64), "release.signature"),
        (replace(good, signer="zz"), "release.signature"),
        (replace(good, text=good.text.replace("Lindvik", "Furuvik")), "release.signature"),
        (replace(good, text="{}"), "release.unknown"),
    ):
        with pytest.raises(PublishRefusedError) as refusal:
            publish_release(network.runtime, forged, by=BY)
        assert refusal.value.code == code
    publish_release(network.runtime, good, by=BY)
    later = a_release(period="2025H2", known=(good,))
    other = Keys(b"s" * 32, b"s" * 32).sign(later.text)
    with pytest.raises(PublishRefusedError) as refusal:
        publish_release(network.runtime, other, by=BY)
    assert refusal.value.code == "release.signer"


@pytest.mark.parametrize("reason", ["", "kort", "x" * 501, "linje\nog linje til"])
def test_taking_a_release_away_needs_a_reason(network: Network, reason: str):
    publish_release(network.runtime, a_release(), by=BY)
    digest = read(a_release()).sha256()
    with pytest.raises(PublishRefusedError) as refusal:
        withdraw_release(network.runtime, "9901", HalfYear(2026, 1), reason=reason, sha256=digest)
    assert refusal.value.code == "release.reason"


def test_a_withdrawn_release_is_no_longer_shown_and_goes_on_counting_as_known(network: Network):
    first = a_release()
    publish_release(network.runtime, first, by=BY)
    taken = {"reason": REASON, "sha256": read(first).sha256()}
    period = HalfYear(2026, 1)
    gone = withdraw_release(network.runtime, "9901", period, **taken)
    assert withdraw_release(network.runtime, "9901", period, **taken) == gone
    _, olav = network.signed_in()
    assert show_release(network.runtime, olav).release is None
    assert published_releases(network.runtime, "9901") == (read(first),)
    with pytest.raises(PublishRefusedError, match="frozen"):
        publish_release(network.runtime, a_release(seed=2), by=BY)
    with pytest.raises(PublishRefusedError, match="unknown"):
        withdraw_release(network.runtime, "9901", period, reason=REASON, sha256="0" * 64)
    publish_release(network.runtime, a_release(seed=2, version=2, known=(first,)), by=BY)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE releases SET table_json = '{}'",
        "UPDATE releases SET published_by = 'x'",
        "UPDATE releases SET signature = ''",
        "DELETE FROM releases",
        "UPDATE slt_events SET kind = 'x'",
        "DELETE FROM slt_events",
    ],
)
def test_the_database_refuses_to_change_what_was_published_or_recorded(
    network: Network, statement: str
):
    publish_release(network.runtime, a_release(), by=BY)
    with (
        pytest.raises(DBAPIError, match="frozen"),
        network.runtime.sessions() as session,
        session.begin(),
    ):
        session.execute(text(statement))


@pytest.mark.parametrize("consistent", [False, True])
def test_a_release_altered_behind_our_back_is_not_shown(network: Network, *, consistent: bool):
    publish_release(network.runtime, a_release(), by=BY)
    _, olav = network.signed_in()
    other = a_release(seed=3)
    change = {"text": other.text}
    columns = "table_json = :text"
    if consistent:
        change["digest"] = read(other).sha256()
        columns += ", sha256 = :digest"
    with network.runtime.engine.begin() as connection:
        on_postgresql = connection.dialect.name == "postgresql"
        connection.execute(
            text("DROP TRIGGER releases_frozen" + (" ON releases" if on_postgresql else ""))
        )
        connection.execute(text(f"UPDATE releases SET {columns}"), change)
    with pytest.raises(ReleaseDamagedError):
        show_release(network.runtime, olav)
    with pytest.raises(ReleaseDamagedError):
        published_releases(network.runtime, "9901")


@pytest.mark.parametrize("by", ["", "  ", "x" * 121, "a\nb"])
def test_a_release_needs_the_name_of_the_one_who_decided(network: Network, by: str):
    with pytest.raises(PublishRefusedError) as refusal:
        publish_release(network.runtime, a_release(), by=by)
    assert refusal.value.code == "release.publisher"
