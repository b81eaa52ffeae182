from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bti.disclosure.tables import HalfYear
from bti.slt.models import ReleaseRow, SltEvent
from bti.slt.perform import AccessDenied
from bti.slt.release import (
    PublishRefusedError,
    ReleaseDamagedError,
    correct_release,
    publish_release,
    show_release,
    withdraw_release,
)
from tests.integration.slt.samples import Network, a_correction, a_release

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
    assert page.release.table == release.table
    assert page.release.sha256 == release.sha256()
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
    for period in ("2025H2", "2026H1", "2025H1"):
        publish_release(network.runtime, a_release(period=period), by=BY)
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
    release = a_release(400)
    publish_release(network.runtime, release, by=BY)
    correct_release(network.runtime, a_correction(release, 5), by=BY, reason=REASON)
    _, olav = network.signed_in()
    page = show_release(network.runtime, olav)
    assert page.release is not None
    assert (page.release.version, page.release.correction_reason) == (2, REASON)
    assert len(page.periods) == 1
    with network.runtime.sessions() as session, session.begin():
        rows = session.execute(
            select(ReleaseRow.version, ReleaseRow.withdrawn_at).order_by(ReleaseRow.version)
        ).all()
    assert rows[0][1] is not None
    assert rows[1] == (2, None)


def test_a_correction_that_would_tell_of_one_to_four_children_is_refused(network: Network):
    release = a_release(400)
    publish_release(network.runtime, release, by=BY)
    with pytest.raises(PublishRefusedError) as refusal:
        correct_release(network.runtime, a_correction(release, 2), by=BY, reason=REASON)
    assert refusal.value.code == "release.small_change"


def test_a_correction_that_hides_and_shows_other_cells_is_refused(network: Network):
    publish_release(network.runtime, a_release(), by=BY)
    with pytest.raises(PublishRefusedError) as refusal:
        correct_release(network.runtime, a_release(seed=9), by=BY, reason=REASON)
    assert refusal.value.code == "release.other_pattern"


@pytest.mark.parametrize("reason", ["", "kort", "x" * 501, "linje\nog linje til"])
def test_a_correction_needs_a_reason(network: Network, reason: str):
    publish_release(network.runtime, a_release(), by=BY)
    with pytest.raises(PublishRefusedError) as refusal:
        correct_release(network.runtime, a_release(seed=2), by=BY, reason=reason)
    assert refusal.value.code == "release.reason"


def test_a_withdrawn_release_is_no_longer_shown_and_the_period_stays_used(network: Network):
    publish_release(network.runtime, a_release(), by=BY)
    withdraw_release(network.runtime, "9901", HalfYear(2026, 1), reason=REASON)
    _, olav = network.signed_in()
    assert show_release(network.runtime, olav).release is None
    with pytest.raises(PublishRefusedError):
        publish_release(network.runtime, a_release(seed=2), by=BY)
    with pytest.raises(PublishRefusedError):
        withdraw_release(network.runtime, "9901", HalfYear(2026, 1), reason=REASON)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE releases SET table_json = '{}'",
        "UPDATE releases SET published_by = 'x'",
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


def test_a_release_altered_behind_our_back_is_not_shown(network: Network):
    publish_release(network.runtime, a_release(), by=BY)
    _, olav = network.signed_in()
    with network.runtime.engine.begin() as connection:
        on_postgresql = connection.dialect.name == "postgresql"
        connection.execute(
            text("DROP TRIGGER releases_frozen" + (" ON releases" if on_postgresql else ""))
        )
        connection.execute(
            text("UPDATE releases SET table_json = :other"),
            {"other": a_release(seed=3).canonical_json()},
        )
    with pytest.raises(ReleaseDamagedError):
        show_release(network.runtime, olav)


@pytest.mark.parametrize("by", ["", "  ", "x" * 121, "a\nb"])
def test_a_release_needs_the_name_of_the_one_who_decided(network: Network, by: str):
    with pytest.raises(PublishRefusedError) as refusal:
        publish_release(network.runtime, a_release(), by=by)
    assert refusal.value.code == "release.publisher"
