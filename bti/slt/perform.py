"""The only doorway to the network database: one call, one transaction, committed before rendering.

A refusal rolls back, and is then recorded in a small transaction of its own.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from bti.slt.models import SltEvent
from bti.slt.runtime import SltRuntime
from bti.slt.secret_box import SecretBox

P = ParamSpec("P")
T = TypeVar("T")


class Happening(StrEnum):
    """What the access log of the network side records."""

    ACCOUNT_CREATED = "account:create"
    ACCOUNT_ENDED = "account:end"
    SEAT_GIVEN = "seat:give"
    SEAT_ENDED = "seat:end"
    SIGNED_IN = "sign_in:accept"
    SIGN_IN_REFUSED = "sign_in:refuse"
    SIGNED_OUT = "sign_in:end"
    RELEASE_READ = "release:read"
    RELEASE_PUBLISHED = "release:publish"
    RELEASE_CORRECTED = "release:correct"
    RELEASE_WITHDRAWN = "release:withdraw"
    RELEASES_GRANTED = "release:grant"
    RELEASES_GRANT_ENDED = "release:end_grant"
    PLAN_IMPORTED = "plan:import"
    PLAN_READ = "plan:read"
    PLAN_CHANGED = "plan:change"
    PLAN_ROLLED_OVER = "plan:roll_over"
    BODY_IMPORTED = "body:import"
    BODY_READ = "body:read"
    BODY_CHANGED = "body:change"
    MEETING_READ = "meeting:read"
    MEETING_CHANGED = "meeting:change"
    MEETING_FINISHED = "meeting:finish"
    MEETING_DISCARDED = "meeting:discard"
    MEETING_FOLLOWED_UP = "meeting:follow_up"
    MEETING_ADDED_TO = "meeting:add"
    MEETINGS_EXPORTED = "meeting:export"
    INDICATORS_BROUGHT_IN = "indicator:import"
    INDICATORS_READ = "indicator:read"
    INDICATORS_ENDED = "indicator:end"
    YEAR_IMPORTED = "year:import"
    YEAR_READ = "year:read"
    YEAR_CHANGED = "year:change"
    YEAR_DONE = "year:done"
    REPORT_READ = "report:read"
    REPORT_CHANGED = "report:change"
    REPORT_MADE = "report:make"
    REPORT_DISCARDED = "report:discard"
    FEED_MADE = "feed:make"
    FEED_ENDED = "feed:end"
    MAIL_CHOSEN = "mail:choose"
    MAIL_STOPPED = "mail:stop"
    DENIED = "access:deny"


class AccessDenied(Exception):  # noqa: N818 - a refusal, not a fault
    """The person may not see this, or it does not exist; the two are told apart only in the log."""

    def __init__(self, code: str, *, account_id: uuid.UUID | None) -> None:
        super().__init__(code)
        self.code = code
        self.account_id = account_id


@dataclass(frozen=True, slots=True)
class Context:
    """What a workflow works with, inside its transaction."""

    session: Session
    at: datetime
    box: SecretBox

    def record(
        self,
        kind: Happening,
        *,
        account_id: uuid.UUID | None = None,
        release_id: uuid.UUID | None = None,
        code: str | None = None,
    ) -> None:
        """Add a line to the access log, in the same transaction as what it tells of."""
        # Flushed first, so that the row the line points to exists when it is written.
        self.session.flush()
        self.session.add(
            SltEvent(at=self.at, kind=kind, account_id=account_id, release_id=release_id, code=code)
        )


def perform(
    runtime: SltRuntime,
    workflow: Callable[Concatenate[Context, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run one workflow in one transaction and return what it returns, after the commit."""
    try:
        with runtime.sessions() as session, session.begin():
            context = Context(session=session, at=runtime.clock.now(), box=runtime.box)
            return workflow(context, *args, **kwargs)
    except AccessDenied as denial:
        with runtime.sessions() as session, session.begin():
            context = Context(session=session, at=runtime.clock.now(), box=runtime.box)
            context.record(Happening.DENIED, account_id=denial.account_id, code=denial.code)
        raise
