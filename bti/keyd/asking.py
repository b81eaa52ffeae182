"""What the rules for authority rows may ask: who it is, what they may do, and what was begun."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from bti.db.models import BrokerNote
from bti.domain.access import Action, Refused, decide
from bti.domain.errors import AccessDenied
from bti.domain.relations import ObjectFacts, ObjectKind, Purpose, acting_for
from bti.keyd import notes
from bti.keyd.grant_facts import Columns, ident

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bti.db.models import Account
    from bti.domain.relations import Subject
    from bti.keyd.evidence import Evidence
    from bti.keyd.local import LocalVerbs

#: Acts of which any one lets a person touch the row of a case, or end something in it.
WRITING: Final = (
    Action.RECORD_CONVERSATION,
    Action.RECORD_STEP,
    Action.WRITE_NOTE,
    Action.WRITE_PLAN,
    Action.EVALUATE,
    Action.CHANGE_CHILD,
    Action.CHANGE_LEVEL,
    Action.CLOSE_CASE,
    Action.REOPEN_CASE,
    Action.WITHDRAW_CONSENT,
    Action.ANSWER_OFFER,
    Action.TAKE_REFERRAL,
    Action.RETURN_REFERRAL,
    Action.APPOINT_HOLDER,
)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and what the broker itself knows."""

    session: Session
    verbs: LocalVerbs
    evidence: Evidence
    now: datetime
    #: A command of the operator or a job, on a socket that no browser reaches.
    operator: bool

    def subject(self) -> Subject:
        """Return whose session asks. Raises ``AccessDenied``."""
        return self.verbs.subject()

    def may(self, action: Action, case_id: uuid.UUID | None) -> bool:
        """Tell whether the session may do this, in the case or at all."""
        if case_id is None:
            try:
                self.verbs.require(action)
            except AccessDenied:
                return False
            return True
        return not isinstance(
            decide(self.subject(), action, self.facts(case_id), self.now), Refused
        )

    def may_any(self, actions: tuple[Action, ...], case_id: uuid.UUID) -> bool:
        """Tell whether the session may do one of these in the case."""
        return any(self.may(action, case_id) for action in actions)

    def may_review(self, row: Columns, action: Action) -> bool:
        """Tell whether the session may settle what this row says that somebody did."""
        facts = ObjectFacts(
            kind=ObjectKind.REVIEW,
            tenant_id=self.subject().tenant_id,
            about_account=ident(row, "account_id"),
            about_unit=ident(row, "unit_id"),
        )
        subject = acting_for(self.subject(), Purpose.OVERSIGHT)
        return not isinstance(decide(subject, action, facts, self.now), Refused)

    def facts(self, case_id: uuid.UUID) -> ObjectFacts:
        """Return how the session stands to a committed case."""
        return self.verbs.facts(case_id)

    def shown_secret(self, account: Account, column: str) -> bytes | None:
        """Return the secret in a column of a genuine account, if a code of it was shown just now."""
        return self.verbs.shown_secret(account, column)

    def begun(self, record_id: uuid.UUID) -> bool:
        """Tell whether this session's owner was given keys for a row that is not there yet.

        Not there: else keys asked for in the name of somebody's case would pass for having begun it.
        """
        return self.begun_for(record_id, self.subject().account_id)

    def begun_for(self, record_id: uuid.UUID, account: uuid.UUID) -> bool:
        """Tell whether keys were given for a row about this account that is not there yet."""
        note = self.session.get(BrokerNote, (record_id, "new"))
        about = note is not None and note.account_id == account
        return about and not notes.is_there(self.session, record_id)
