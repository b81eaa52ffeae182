"""Loads the demonstration: two municipalities, their people, two years of cases, and releases.

Everything is made through the workflows with the clock moved through the years, so the access log
is whole. Nothing here is reachable from a page.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from bti.cli import (
    demo_archive,
    demo_body_meetings,
    demo_danger,
    demo_desk,
    demo_history,
    demo_oversight,
    demo_plan,
    demo_protection,
    demo_report,
    demo_stories,
    demo_stories_together,
    demo_two_people,
    demo_year,
)
from bti.cli.demo_people import (
    COORDINATOR,
    FURUVIK,
    LINDVIK,
    PASSWORD,
    READERS,
    employ,
    found_town,
    offer,
)
from bti.cli.demo_stage import DEMO, Stage, at_hour, play
from bti.cli.release import publish_pending
from bti.cli.release_file import CHECKLIST, Pending
from bti.disclosure.menu import AGE, DIMENSIONS
from bti.disclosure.tables import HalfYear, TableError
from bti.slt.account import NewAccount, create_account
from bti.slt.region import grant_releases
from bti.slt.release import earliest_publication, published_releases
from bti.slt.role import NetworkRole
from bti.slt.seat import give_seat
from bti.slt.sign_in import Coordinator
from bti.workflows import release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bti.bootstrap import Runtime
    from bti.cli.demo_people import Town
    from bti.clock import FixedClock
    from bti.slt.runtime import SltRuntime

Scale = Literal["small", "full"]

_TWO_YEARS: Final = timedelta(days=731)
#: Two: of seven children a half-year can be told of whatever is drawn; of six, in one town of ten it is silent.
_HISTORY: Final[dict[Scale, int]] = {"small": 2, "full": 160}
_PREPARED_BY: Final = "Asta Berg"
_APPROVED_BY: Final = "Hege Moen"
# Numbers are published on the first days of the working week after the month of waiting.
_DAYS_AFTER_EARLIEST: Final = 4
_RELEASES: Final = 2
_OF_EACH_AGE: Final = 420
_TOGETHER: Final = "De to kommunene har felles politiråd."


@dataclass(frozen=True, slots=True)
class SignInWay:
    """How somebody in the demonstration signs in with a password and a code."""

    municipality: str
    username: str
    name: str
    title: str
    totp_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was made. ``network`` is the coordinator's sign-in on the other side, ``readers`` are the others' there."""

    stage: Stage
    neighbour: Stage
    staff: tuple[SignInWay, ...]
    network: SignInWay
    readers: tuple[SignInWay, ...]


def load(
    runtime: Runtime,
    network: SltRuntime,
    clock: FixedClock,
    scale: Scale = "full",
    progress: Callable[[datetime], None] = lambda _: None,
) -> Loaded:
    """Fill two migrated, empty databases as of the clock's present time; the clock ends there.

    Both runtimes must run on ``clock``. ``small`` leaves out all but two of the lighter cases of two
    years, and with them most of what the releases could show.
    """
    now = clock.now()
    clock.set(now - _TWO_YEARS)
    stage, staff = _settle(runtime, clock, now, LINDVIK)
    neighbour, others = _settle(runtime, clock, now, FURUVIK)
    made = create_account(
        network,
        NewAccount(
            username=COORDINATOR[0],
            display_name=COORDINATOR[1],
            municipality_number=LINDVIK.number,
            municipality_name=LINDVIK.name,
            password=PASSWORD,
        ),
    )
    stories = [tell(stage) for tell in (*demo_stories.ALL, *demo_stories_together.ALL)]
    stories.append(demo_stories_together.furuvik(neighbour))
    stories.append(demo_history.nurse_of_a_youth(stage))
    stories += demo_history.stories(stage, _HISTORY[scale])
    stories.append(_releases(stage, network))
    stories.append(demo_plan.story(network, _coordinator(made.id), now))
    stories.append(demo_plan.indicators(network, _coordinator(made.id), now))
    stories.append(demo_body_meetings.story(network, _coordinator(made.id), now))
    stories.append(demo_report.story(network, _coordinator(made.id), now))
    stories.append(demo_year.story(network, _coordinator(made.id), now))
    stories += [tell(stage) for tell in (*demo_danger.ALL, *demo_oversight.ALL, *demo_desk.ALL)]
    stories += [demo_oversight.baits(stage), demo_oversight.night(stage)]
    stories.append(demo_protection.hidden(stage))
    stories.append(demo_archive.wonder_moved(stage))
    stories.append(demo_two_people.of_the_house(stage))
    play(clock, stories, progress)
    clock.set(now)
    coordinator = SignInWay(
        LINDVIK.name, COORDINATOR[0], COORDINATOR[1], "SLT-koordinator", made.totp_secret
    )
    readers = tuple(_reader(network, *one) for one in READERS)
    grant_releases(network, COORDINATOR[0], FURUVIK.number, FURUVIK.name, _TOGETHER)
    give_seat(network, READERS[0][0], "police_council", "Kommunedirektør")
    return Loaded(stage, neighbour, (*staff, *others), coordinator, readers)


def ended_half_years(start: datetime, now: datetime) -> tuple[HalfYear, ...]:
    """Return the half-years that lie within the two years and may be published by ``now``."""
    found = [HalfYear(year, half) for year in range(start.year, now.year + 1) for half in (1, 2)]
    return tuple(one for one in found if one.first_day > start.date() and _published_at(one) < now)


def _settle(
    runtime: Runtime, clock: FixedClock, now: datetime, town: Town
) -> tuple[Stage, tuple[SignInWay, ...]]:
    perform = runtime.doorway.perform
    tenant_id, units = perform(found_town, DEMO, town=town)
    ways = []
    accounts = {}
    for person in town.people:
        made = perform(employ, DEMO, tenant_id=tenant_id, unit_id=units[person.unit], person=person)
        perform(offer, DEMO, tenant_id=tenant_id, account_id=made.account_id, person=person)
        accounts[person.username] = made.account_id
        ways.append(
            SignInWay(town.name, person.username, person.name, person.title, made.totp_secret)
        )
    return Stage(runtime, clock, now, tenant_id, units, accounts), tuple(ways)


def _reader(
    network: SltRuntime, username: str, name: str, title: str, role: NetworkRole
) -> SignInWay:
    """Somebody who reads on the network side."""
    new = NewAccount(username, name, LINDVIK.number, LINDVIK.name, PASSWORD, role=role)
    made = create_account(network, new)
    return SignInWay(LINDVIK.name, username, name, title, made.totp_secret)


def _coordinator(account_id: uuid.UUID) -> Coordinator:
    """Whoever keeps the plan, as if signed in."""
    return Coordinator(
        account_id=account_id,
        session_id=account_id,
        name=COORDINATOR[1],
        municipality_number=LINDVIK.number,
        municipality_name=LINDVIK.name,
        language="nb",
    )


def _releases(stage: Stage, network: SltRuntime) -> Iterator[datetime]:
    from bti.disclosure.linked.verify import NotSafe  # noqa: PLC0415 - slow to load, only used here

    for period in ended_half_years(stage.now - _TWO_YEARS, stage.now)[-_RELEASES:]:
        yield _published_at(period)
        try:
            made = release.prepare(
                stage.runtime.doorway,
                DEMO,
                tenant_id=stage.tenant_id,
                period=period,
                published=published_releases(network, LINDVIK.number),
                population=dict.fromkeys(DIMENSIONS[AGE], _OF_EACH_AGE),
            )
        except (TableError, NotSafe):
            continue  # The small demonstration may have too few children to tell of.
        pending = Pending(made.release.canonical_json(), _PREPARED_BY)
        pending = pending.approved(_APPROVED_BY, CHECKLIST)
        publish_pending(stage.runtime, network, stage.tenant_id, pending)


def _published_at(period: HalfYear) -> datetime:
    return at_hour(earliest_publication(period) + timedelta(days=_DAYS_AFTER_EARLIEST), 9)
