"""What the last action did, said once on the next page.

Only a code travels in the browser's cookie. A text could hold a child's name, and the cookie is
readable to whoever has the machine; so a notice has no names and no numbers in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Flask, session
from flask_babel import lazy_gettext

SESSION_KEY: Final = "notices"
_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """One message; `color` is Designsystemet's "success", "info" or "warning"."""

    text: str
    color: str = "success"


# Add a row here for each message a feature needs.
NOTICES: Final[dict[str, Notice]] = {
    "saved": Notice(lazy_gettext("Saved.")),
    "password_changed": Notice(
        lazy_gettext("The password is changed. You are signed out everywhere else.")
    ),
    "first_done": Notice(lazy_gettext("The account is yours. Nobody else knows your password.")),
    "session_ended": Notice(lazy_gettext("The session is ended.")),
    "sessions_ended": Notice(lazy_gettext("You are signed out everywhere else.")),
    "concern_logged": Notice(lazy_gettext("The concern is saved.")),
    "concern_unfinished": Notice(
        lazy_gettext("Something is missing in this step. Fill it in, and go on."), "warning"
    ),
    "draft_deleted": Notice(lazy_gettext("The draft is deleted."), "info"),
    "draft_kept": Notice(
        lazy_gettext("What you had typed is kept as a draft. Sign in, and it is there."), "info"
    ),
    "draft_saved": Notice(lazy_gettext("The draft is saved. Only you can see it.")),
    "nothing_changed": Notice(lazy_gettext("Nothing was changed."), "info"),
    "emergency_open": Notice(
        lazy_gettext(
            "You have emergency access. Those who work with the child and the data protection "
            "officer have been told."
        ),
        "warning",
    ),
    "rules_asked": Notice(lazy_gettext("A colleague is asked. They answer within a day."), "info"),
    "rules_published": Notice(
        lazy_gettext("The rules are published, and hold from the day that is written in them.")
    ),
    "reviewed": Notice(lazy_gettext("The review is saved.")),
    "protected": Notice(
        lazy_gettext("The address is protected. Only those who are named can open the case now.")
    ),
    "readers_named": Notice(lazy_gettext("It is saved who may open the case.")),
    "protection_lifted": Notice(lazy_gettext("The protection has ended."), "warning"),
    "decided": Notice(lazy_gettext("The decision is saved.")),
    "log_opened": Notice(lazy_gettext("The log is open, and you have the baton.")),
    "consent_asked": Notice(lazy_gettext("The question is written down. Nothing is shared yet.")),
    "consent_answered": Notice(lazy_gettext("The answer is saved.")),
    "consent_late": Notice(
        lazy_gettext(
            "The answer is kept. It came after the question was over, so it opens nothing. Ask again."
        ),
        "warning",
    ),
    "consent_complete": Notice(lazy_gettext("Everybody has said yes. The consent is in place.")),
    "consent_withdrawn": Notice(lazy_gettext("The sharing has stopped.")),
    "consent_blocked": Notice(
        lazy_gettext("The decision is written down. The sharing has stopped.")
    ),
    "consent_unblocked": Notice(
        lazy_gettext("It is written down that the decision is lifted. Now you can ask again.")
    ),
    "sharing_written": Notice(
        lazy_gettext("It is written down. Nothing is shared before it is opened.")
    ),
    "sharing_opened": Notice(lazy_gettext("It is opened, and your name stands by it."), "warning"),
    "sharing_stopped": Notice(lazy_gettext("The sharing has stopped.")),
    "guardian_saved": Notice(lazy_gettext("The guardian is saved.")),
    "participant_invited": Notice(lazy_gettext("The person can now see what the consent covers.")),
    "participant_ended": Notice(lazy_gettext("The person cannot see the case any more.")),
    "baton_offered": Notice(
        lazy_gettext("The baton is offered. You have it until the other has said yes.")
    ),
    "register_read": Notice(
        lazy_gettext("It is read. Nobody is changed before you have answered.")
    ),
    "guardian_blocked": Notice(lazy_gettext("This person is kept out until the leader lifts it.")),
    "guardian_let_in": Notice(lazy_gettext("It is lifted. Decide anew what this person may read.")),
    "move_asked": Notice(
        lazy_gettext("The new service is asked. You have the case until they have said yes.")
    ),
    "move_taken": Notice(lazy_gettext("Your service has the case, and you have the baton.")),
    "move_declined": Notice(
        lazy_gettext("You said no. The case stays where it is, and they read why."), "info"
    ),
    "baton_taken": Notice(lazy_gettext("You have the baton.")),
    "baton_declined": Notice(lazy_gettext("You said no. The baton stays where it is."), "info"),
    "baton_withdrawn": Notice(lazy_gettext("The offer is taken back. You still have the baton.")),
    "baton_moved": Notice(lazy_gettext("The baton is moved.")),
    "goal_saved": Notice(lazy_gettext("The goal is saved. Now agree on a measure.")),
    "measure_saved": Notice(lazy_gettext("The measure is saved.")),
    "meeting_planned": Notice(
        lazy_gettext("The meeting is planned. Give those invited the file for their calendar.")
    ),
    "meeting_moved": Notice(
        lazy_gettext("The meeting is changed. Give those invited the new file for their calendar.")
    ),
    "meeting_cancelled": Notice(lazy_gettext("The meeting is called off."), "warning"),
    "minutes_approved": Notice(
        lazy_gettext("The minutes are approved and locked. Make measures of what you agreed on.")
    ),
    "minutes_unfinished": Notice(
        lazy_gettext("Something is missing in the minutes. Fill it in, and go on."), "warning"
    ),
    "goal_evaluated": Notice(lazy_gettext("It is saved how the goal stands.")),
    "evaluated": Notice(lazy_gettext("The evaluation is saved. Now choose the way on.")),
    "file_attached": Notice(lazy_gettext("The file is attached.")),
    "file_removed": Notice(lazy_gettext("The file is taken away. Nobody can open it.")),
    "entry_corrected": Notice(
        lazy_gettext("The right information stands beside it. Those who can read it are told.")
    ),
    "view_written": Notice(lazy_gettext("The view stands beside what was written.")),
    "referred": Notice(
        lazy_gettext("The case is brought to the team. It keeps its level until the team takes it.")
    ),
    "referral_taken": Notice(lazy_gettext("The team has taken the case.")),
    "referral_returned": Notice(lazy_gettext("The case is given back.")),
    "rights_saved": Notice(lazy_gettext("The assessment is saved.")),
    "holder_asked": Notice(
        lazy_gettext("The baton is offered. The holder has it until the new one has said yes.")
    ),
    "reset_asked": Notice(
        lazy_gettext("It is asked for. A leader of the person's unit must meet them and say yes."),
        "info",
    ),
    "selection_asked": Notice(
        lazy_gettext("It is asked for. When a colleague has said yes, you download it from here."),
        "info",
    ),
    "role_asked": Notice(
        lazy_gettext(
            "This role needs two people. When a colleague has said yes, give it once more."
        ),
        "info",
    ),
    "approval_given": Notice(lazy_gettext("You said yes. It can be done once, within the day.")),
    "approval_refused": Notice(lazy_gettext("You said no."), "info"),
    "approval_withdrawn": Notice(lazy_gettext("It is taken back."), "info"),
    "list_logged": Notice(lazy_gettext("The concerns are saved, each in a case of its own.")),
    "system_let_in": Notice(
        lazy_gettext("The system may act for you. Write the number of the agreement into it.")
    ),
    "system_stopped": Notice(lazy_gettext("The system can do nothing more for you."), "info"),
    "key_asked": Notice(lazy_gettext("You have asked for it. A colleague must say yes.")),
    "key_ended": Notice(lazy_gettext("The key has ended, and opens nothing more."), "info"),
    "reminders_chosen": Notice(lazy_gettext("Your choice is kept.")),
    "absence_set": Notice(
        lazy_gettext("It is written down. Reminders go to whoever stands in on those days.")
    ),
    "absence_withdrawn": Notice(
        lazy_gettext("Taken back. Reminders go to the person again."), "info"
    ),
    "consultation_asked": Notice(
        lazy_gettext(
            "The question is sent. You see the answer here, and can delete it at any time."
        )
    ),
    "consultation_answered": Notice(lazy_gettext("The answer is sent.")),
    "consultation_sent_back": Notice(
        lazy_gettext("It is sent back to be written anew. The team no longer sees it.")
    ),
    "consultation_rewritten": Notice(
        lazy_gettext("It is sent anew. What stood before is deleted.")
    ),
    "consultation_settled": Notice(
        lazy_gettext("Done. It is deleted by itself on the day it says.")
    ),
    "consultation_deleted": Notice(
        lazy_gettext("The question and its answers are deleted."), "info"
    ),
    "consultation_named": Notice(lazy_gettext("Saved. The person can answer from now on.")),
    "consultation_seat_ended": Notice(
        lazy_gettext("The person no longer sees what the team is asked."), "info"
    ),
    "leaving_planned": Notice(
        lazy_gettext("The last day is set. The person and the leader see what must be handed over.")
    ),
    "leaving_withdrawn": Notice(lazy_gettext("The person stays."), "info"),
    "access_cut": Notice(
        lazy_gettext(
            "The access is cut. What the person has in hand stays until somebody takes it."
        ),
        "warning",
    ),
    "access_restored": Notice(lazy_gettext("The person can sign in again.")),
    "judged": Notice(lazy_gettext("It is decided. What stood before is kept.")),
    "judge_first": Notice(lazy_gettext("Decide first what this person may read."), "info"),
    "marked": Notice(lazy_gettext("The mark is put. It is followed from now on.")),
    "join_asked": Notice(
        lazy_gettext("Whoever has the other log is asked, and answers within a day."), "info"
    ),
    "join_answered": Notice(lazy_gettext("Your answer is saved.")),
    "join_withdrawn": Notice(lazy_gettext("The question is taken back."), "info"),
    "join_done": Notice(lazy_gettext("It is done. Both of you stand in the access log.")),
    "not_done": Notice(lazy_gettext("That could not be done now."), "warning"),
    "signed_out": Notice(lazy_gettext("You are signed out."), "info"),
    "signed_out_idle": Notice(
        lazy_gettext("You were signed out because you had not done anything for a while."), "info"
    ),
}


def notify(code: str) -> None:
    """Show the notice `code` on the next page. Raises KeyError for a code not in NOTICES."""
    NOTICES[code]
    waiting = [old for old in session.get(SESSION_KEY, []) if old != code]
    session[SESSION_KEY] = [*waiting, code][-_MOST:]


def take_notices() -> Iterator[Notice]:
    """The waiting notices, each only once."""
    for code in session.pop(SESSION_KEY, []):
        if code in NOTICES:
            yield NOTICES[code]


def register(app: Flask) -> None:
    """Give templates `page_notices()`."""
    app.jinja_env.globals["page_notices"] = take_notices
