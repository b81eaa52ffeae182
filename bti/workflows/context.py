"""What a workflow works with during one transaction."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bti.audit.record import By, Recorder, Reference
from bti.clock import norwegian_date
from bti.db.walls import stand, standpoint_of
from bti.domain.policy import PURPOSES
from bti.domain.relations import Purpose
from bti.workflows import own_rules
from bti.workflows.actor import Actor, SystemActor
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from bti.audit.actions import Action
    from bti.clock import Clock
    from bti.identity.password import Passwords
    from bti.keyd.broker import Verbs
    from bti.profiles import Profile
    from bti.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """Session, actor, time, keys and log of one transaction."""

    session: Session
    actor: Actor | SystemActor | None
    clock: Clock
    verbs: Verbs
    recorder: Recorder
    settings: Settings
    passwords: Passwords

    @property
    def person(self) -> Actor:
        """Return the signed-in person. Raises ``NotFound`` for a visitor."""
        if not isinstance(self.actor, Actor):
            raise NotFound
        return self.actor

    @property
    def now(self) -> datetime:
        """Return the time of this act (UTC)."""
        return self.clock.now()

    @property
    def today(self) -> date:
        """Return today's date in Norway: deadlines and birthdays turn at its midnight."""
        return norwegian_date(self.clock.now())

    @property
    def profile(self) -> Profile:
        """Return the local rules of the person's municipality as they are in force today.

        What a case has begun goes on by the version it began under: ``case_rules``.
        """
        return own_rules.in_force(self, self.person.tenant_id, self.person.profile)

    @property
    def by(self) -> By:
        """Return how the log names the actor."""
        if isinstance(self.actor, Actor):
            actor = self.actor
            session = actor.token_hash.hex()[:8]
            return By(str(actor.account_id), session, str(actor.unit_id), actor.client_id)
        return By(f"system:{self.actor.name}" if self.actor else "system:visitor")

    @property
    def _purpose(self) -> Purpose:
        """Return what the actor's role is for; the system's own acts are part of follow-up."""
        role = self.actor.role if isinstance(self.actor, Actor) else None
        return next(iter(PURPOSES[role]), Purpose.FOLLOW_UP) if role else Purpose.FOLLOW_UP

    def enter(self, tenant_id: uuid.UUID) -> None:
        """Go on inside one municipality: for the program and for visitors, who begin elsewhere.

        Raises ``OutsideError`` for a person of another one.
        """
        stand(self.session, standpoint_of(self.session).within(tenant_id))

    @contextmanager
    def whole_municipality(self) -> Iterator[None]:
        """Meet every row of the municipality for some lines, also of cases that are not open.

        For what a person may know without a case's keys: whether the log holds, how long a case
        has waited, that a form was sent before. What is sealed stays sealed. The workflow has
        asked for permission first.
        """
        before = standpoint_of(self.session)
        stand(self.session, replace(before, account=None))
        try:
            yield
        finally:
            stand(self.session, before)

    def record(
        self,
        action: Action,
        *about: Reference,
        ground: str = "",
        tenant: uuid.UUID | None = None,
        more: Iterable[Reference] = (),
        refused: str | None = None,
        purpose: Purpose | None = None,
    ) -> None:
        """Add an entry to the log of the person's municipality (or of ``tenant``).

        ``refused`` is the rule that said no, for an act that did not happen; ``purpose`` what it
        is for, when that is not what the person's role is for.
        """
        owner = tenant if tenant is not None else self.person.tenant_id
        self.recorder.record(
            action,
            tenant=owner,
            by=self.by,
            about=(*about, *more),
            ground=ground,
            allowed=refused is None,
            rule=refused or "",
            purpose=purpose or self._purpose,
        )
