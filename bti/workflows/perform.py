"""The only doorway: one call is one transaction, committed before anything is rendered.

A refusal rolls the act back and is then written by itself, so that it survives.
"""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from bti.audit.record import By, Recorder
from bti.db.walls import EVERYWHERE, NOWHERE, Standpoint, stand
from bti.domain.approval import ApprovalRefused
from bti.domain.errors import AccessDenied, BaitTaken
from bti.keyd import denial
from bti.keyd.broker import OnBehalf, RanOut
from bti.workflows import suspension
from bti.workflows.actor import Actor, SystemActor
from bti.workflows.context import Context
from bti.workflows.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session, sessionmaker

    from bti.clock import Clock
    from bti.identity.password import Passwords
    from bti.keyd.broker import Broker, Credential
    from bti.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")
Someone = Actor | SystemActor | None

# One statement that lost a race for a lock may win it the next time; a rule break never does.
ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Doorway:
    """Opens transactions. Holds the session factory, the clock and the key broker."""

    sessions: sessionmaker[Session]
    clock: Clock
    broker: Broker
    settings: Settings
    passwords: Passwords

    def perform(
        self,
        workflow: Callable[Concatenate[Context, P], R],
        actor: Someone,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run ``workflow`` in one transaction and return its frozen result.

        Raises what the workflow raises; ``Conflict`` when somebody else changed the same rows.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._attempt(workflow, actor, *args, **kwargs)
            except AccessDenied as refusal:
                if not refusal.entered:
                    self._write_refusal(actor, refusal)
                if isinstance(refusal, BaitTaken) and isinstance(actor, Actor):
                    self._suspend(actor, refusal)
                raise
            except StaleDataError:
                raise Conflict from None
            except (IntegrityError, OperationalError) as error:
                if not _is_race(error):
                    raise
                if attempt == ATTEMPTS:
                    raise Conflict from None
        raise Conflict

    def _attempt(
        self,
        workflow: Callable[Concatenate[Context, P], R],
        actor: Someone,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        with ExitStack() as afterwards, self.sessions() as session, session.begin():
            stand(session, _standpoint(actor, kwargs.get("tenant_id")))
            recorder = Recorder(session, self.clock)
            verbs = self.broker.attach(session, recorder, _credential(actor))
            afterwards.callback(verbs.settle)
            context = Context(
                session=session,
                actor=actor,
                clock=self.clock,
                verbs=verbs,
                recorder=recorder,
                settings=self.settings,
                passwords=self.passwords,
            )
            try:
                result = workflow(context, *args, **kwargs)
                if isinstance(actor, Actor):
                    # Whatever was shown is named in an entry; so nothing passes by here unseen.
                    verbs.watch(recorder.cases())
                recorder.close(verbs.sign)
            finally:
                verbs.close()
        return result

    def _write_refusal(self, actor: Someone, refusal: AccessDenied) -> None:
        tenant = _tenant_of(actor, refusal)
        if tenant is None:
            return
        gate = SystemActor("gate")
        self._attempt(_record_refusal, gate, tenant_id=tenant, whose=actor, refusal=refusal)

    def _suspend(self, actor: Actor, taken: BaitTaken) -> None:
        """Close the account in a transaction of its own, which outlives the refusal."""
        self.perform(
            suspension.suspend,
            SystemActor("gate"),
            tenant_id=actor.tenant_id,
            account_id=actor.account_id,
            unit_id=actor.unit_id,
            bait_id=taken.bait_id,
        )


def _tenant_of(actor: Someone, refusal: AccessDenied) -> uuid.UUID | None:
    """Return whose log a refusal belongs to, None when nobody's: a visitor, or the system."""
    if isinstance(actor, Actor):
        return actor.tenant_id
    # A command that tries a used or altered approval is no less worth knowing than a person.
    return refusal.tenant_id if isinstance(refusal, ApprovalRefused) else None


def by_of(actor: Someone) -> By:
    """Return how the log names an actor."""
    if isinstance(actor, Actor):
        session = actor.token_hash.hex()[:8]
        return By(str(actor.account_id), session, str(actor.unit_id), actor.client_id)
    return By(f"system:{actor.name}" if actor else "system:visitor")


def _standpoint(actor: Someone, told: object) -> Standpoint:
    """Return where a transaction begins: a person in their municipality, whatever is asked for.

    The program and visitors begin where the workflow's ``tenant_id`` says. Without one the
    program meets every municipality, as a check of all logs must, and a visitor none.
    """
    if isinstance(actor, Actor):
        return Standpoint(tenant=actor.tenant_id, account=actor.account_id)
    if isinstance(told, uuid.UUID):
        return Standpoint(tenant=told)
    return EVERYWHERE if isinstance(actor, SystemActor) else NOWHERE


def _record_refusal(
    context: Context, *, tenant_id: uuid.UUID, whose: Someone, refusal: AccessDenied
) -> None:
    denial.enter(
        context.session,
        context.recorder,
        refusal,
        tenant=tenant_id,
        by=by_of(whose),
        account=whose.account_id if isinstance(whose, Actor) else None,
        at=context.now,
    )


def _credential(actor: object) -> Credential:
    if isinstance(actor, Actor):
        if actor.client_id is not None:
            return OnBehalf(actor.proof, actor.session_id)
        return RanOut(actor.proof) if actor.ran_out else actor.proof
    if isinstance(actor, SystemActor):
        return actor.name
    if actor is None:
        return None
    # Somebody from the network side, handed over by mistake, must not pass for the system.
    message = f"{type(actor).__name__} cannot act on the case side"
    raise TypeError(message)


_RACES = frozenset(
    {
        "40001",  # serialization failure
        "40P01",  # deadlock
        "23505",  # unique violation: two writers chose the same free place
    }
)


def _is_race(error: IntegrityError | OperationalError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _RACES
    text = str(error.orig)
    return "UNIQUE constraint failed" in text or "database is locked" in text
