"""The jobs of the program: what is done without a person, how often, and from which place.

Another kind of work is one more row here. A job may be done twice and may be
killed anywhere; what it changes has entries of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from bti.audit.witnessing import ask_all, witness_places
from bti.clock import NORWAY
from bti.db.engine import empty_write_ahead_log
from bti.db.models import BrokerCount, BrokerMark, Municipality, Throttle
from bti.domain.control import month_before
from bti.identity.throttle import PER_ACCOUNT
from bti.jobs.mail import send_due
from bti.jobs.witness import post
from bti.keyd.quota import DAY
from bti.workflows import (
    attachment_sweep,
    consultation,
    control,
    keys,
    leaving,
    outbox,
    reminders,
    work,
)
from bti.workflows.actor import SystemActor

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from bti.bootstrap import Runtime
    from bti.settings import Settings
    from bti.workflows.context import Context

WORK: Final = SystemActor("work")


class Place(StrEnum):
    """Where a job is done, and so by which user of the machine and of the database."""

    #: Needs no more than the role `stafett_work` and the broker's side of that name.
    WORK = "work"
    #: Needs the key provider: the broker's user.
    KEYS = "keys"
    #: Needs the folder of attached files: the web's user.
    FILES = "files"
    #: Talks with a server that takes e-mail: the user of `WORK`, in a unit that may reach it.
    MAIL = "mail"
    #: Ends accounts: an operator's user.
    ACCOUNTS = "accounts"


class NotNowError(Exception):
    """A job could not be done now and is tried again: nothing was wrong with it."""


@dataclass(frozen=True, slots=True)
class Every:
    """Again so long after it was done."""

    interval: timedelta

    def after(self, now: datetime) -> datetime:
        """Return when it is due again, done at ``now``."""
        return now + self.interval


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day, at a time in Norway."""

    at: time

    def after(self, now: datetime) -> datetime:
        """Return the next such time after ``now``."""
        today = now.astimezone(NORWAY).date()
        for days in range(3):
            found = datetime.combine(today + timedelta(days=days), self.at, NORWAY)
            if found > now:
                return found.astimezone(now.tzinfo)
        raise AssertionError


def _always(_settings: Settings) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of work. ``does`` raises when it could not; ``needed`` tells where it is of use."""

    name: str
    place: Place
    when: Every | Daily
    does: Callable[[Runtime], None]
    needed: Callable[[Settings], bool] = _always


def jobs_for(settings: Settings, places: frozenset[Place]) -> tuple[Job, ...]:
    """Return the jobs of these places that this installation needs."""
    return tuple(one for one in JOBS if one.place in places and one.needed(settings))


# -- what they do --------------------------------------------------------------------------------


def _in_each(runtime: Runtime, act: Callable[[uuid.UUID], object]) -> None:
    """Do it in every municipality, and fail afterwards if one of them failed: none stops another."""
    first: Exception | None = None
    for tenant in runtime.doorway.perform(_municipalities, WORK):
        try:
            act(tenant)
        except Exception as fault:  # noqa: BLE001 - whatever it was, the next municipality has its turn
            first = first or fault
    if first is not None:
        raise first


def _municipalities(context: Context) -> tuple[uuid.UUID, ...]:
    return tuple(context.session.scalars(select(Municipality.id).order_by(Municipality.number)))


def _beat(runtime: Runtime) -> None:
    perform = runtime.doorway.perform
    _in_each(runtime, lambda tenant: perform(work.beat, WORK, tenant_id=tenant))


def _control(runtime: Runtime) -> None:
    perform, month = runtime.doorway.perform, month_before(runtime.clock.now())
    _in_each(runtime, lambda tenant: perform(control.run, WORK, tenant_id=tenant, month=month))


def _settle(runtime: Runtime) -> None:
    perform = runtime.doorway.perform
    _in_each(runtime, lambda tenant: perform(leaving.settle, WORK, tenant_id=tenant))


def _rotate(runtime: Runtime) -> None:
    def one(tenant: uuid.UUID) -> None:
        if runtime.doorway.perform(keys.is_due, WORK, tenant_id=tenant):
            keys.rotate(runtime.doorway, WORK, tenant_id=tenant)

    _in_each(runtime, one)


def _sweep(runtime: Runtime) -> None:
    attachment_sweep.sweep(runtime.doorway)


def _forget_attempts(runtime: Runtime) -> None:
    # Counting has begun anew by then, so only hashes of names and addresses are left.
    old = Throttle.last_failure_at <= runtime.clock.now() - PER_ACCOUNT.forget
    with runtime.engine.begin() as connection:
        connection.execute(delete(Throttle).where(old))


def _forget_counts(runtime: Runtime) -> None:
    ended = runtime.clock.now() - DAY
    with runtime.engine.begin() as connection:
        connection.execute(delete(BrokerMark).where(BrokerMark.last_at <= ended))
        connection.execute(delete(BrokerCount).where(BrokerCount.since <= ended))


def _empty_log_of_sqlite(runtime: Runtime) -> None:
    if not empty_write_ahead_log(runtime.engine):
        raise NotNowError("somebody was using the database")


def _ask_witnesses(runtime: Runtime) -> None:
    places = witness_places(runtime.settings.witnesses)
    asked = ask_all(runtime.engine, places, post, runtime.clock.now())
    if any(one.at is None for one in asked):
        raise NotNowError("a witness has not signed")


def _plan_reminders(runtime: Runtime) -> None:
    perform = runtime.doorway.perform

    def one(tenant: uuid.UUID) -> None:
        perform(reminders.plan, WORK, tenant_id=tenant)
        perform(outbox.forget, WORK, tenant_id=tenant)

    _in_each(runtime, one)


def _dispose(runtime: Runtime) -> None:
    perform = runtime.doorway.perform
    _in_each(runtime, lambda tenant: perform(consultation.dispose, WORK, tenant_id=tenant))


def _send(runtime: Runtime) -> None:
    _in_each(runtime, lambda tenant: send_due(runtime, WORK, tenant))


def _on_sqlite(settings: Settings) -> bool:
    return settings.case_database().startswith("sqlite")


def _asks_witnesses(settings: Settings) -> bool:
    """Tell whether nobody else asks them: `bti logd` does, where there is one."""
    return bool(settings.witnesses) and settings.audit_log == "inline"


def _sends_mail(settings: Settings) -> bool:
    return bool(settings.smtp_host)


JOBS: Final = (
    Job("heartbeat", Place.WORK, Every(timedelta(hours=1)), _beat),
    Job("control", Place.WORK, Daily(time(3, 20)), _control),
    Job("consultation", Place.WORK, Daily(time(3, 50)), _dispose),
    Job("reminders", Place.WORK, Daily(time(6, 30)), _plan_reminders, _sends_mail),
    Job("mail", Place.MAIL, Every(timedelta(minutes=5)), _send, _sends_mail),
    Job("accounts", Place.ACCOUNTS, Daily(time(0, 10)), _settle),
    Job("attempts", Place.ACCOUNTS, Daily(time(0, 40)), _forget_attempts),
    Job("witness", Place.ACCOUNTS, Every(timedelta(hours=1)), _ask_witnesses, _asks_witnesses),
    Job("keys", Place.KEYS, Daily(time(1, 10)), _rotate),
    Job("counts", Place.KEYS, Daily(time(1, 40)), _forget_counts),
    Job("files", Place.FILES, Daily(time(2, 10)), _sweep),
    # Last, so that what the others deleted is gone from disk too.
    Job("checkpoint", Place.ACCOUNTS, Daily(time(4, 10)), _empty_log_of_sqlite, _on_sqlite),
)
"""Every job of the program."""
