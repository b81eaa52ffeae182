"""What the codes of the audit log are called in plain words: acts, grounds, and the system's parts.

A test checks that every code has words; an unknown one is shown as it is, never left out.
"""

from typing import Final

from flask_babel import gettext, lazy_gettext

from bti.web.labels import GATE
from bti.workflows.insight import Access

ACTS: Final = {
    "session:sign-in:allow": lazy_gettext("Signed in"),
    "session:sign-in:deny": lazy_gettext("Tried to sign in"),
    "session:sign-out:run": lazy_gettext("Signed out"),
    "session:lifetime:expire": lazy_gettext("Was signed out after a while"),
    "search:child:run": lazy_gettext("Searched for a child by name"),
    "search:national-id:run": lazy_gettext("Searched for a child by national identity number"),
    "case:concern:create": lazy_gettext("Wrote a concern"),
    "case:open:read": lazy_gettext("Read"),
    "case:list:read": lazy_gettext("Saw it in a list"),
    "case:page:print": lazy_gettext("Printed"),
    "case:child:change": lazy_gettext("Changed the facts about the child or guardians"),
    "case:level:change": lazy_gettext("Changed the level"),
    "case:status:close": lazy_gettext("Closed the case"),
    "case:status:reopen": lazy_gettext("Opened the case again"),
    "case:conversation:record": lazy_gettext("Wrote down a conversation"),
    "case:step:record": lazy_gettext("Ticked off a step in the guide"),
    "case:attachment:create": lazy_gettext("Attached a file"),
    "case:attachment:read": lazy_gettext("Opened an attached file"),
    "case:attachment:remove": lazy_gettext("Took away an attached file"),
    "case:attachment:refuse": lazy_gettext("An attached file was damaged and not shown"),
    "case:attachment:erase": lazy_gettext("A file was deleted together with its key"),
    "case:entry:correct": lazy_gettext("Corrected something, beside what was written"),
    "case:statement:create": lazy_gettext("Wrote the family's view beside what was written"),
    "meeting:plan:create": lazy_gettext("Planned a meeting"),
    "meeting:plan:change": lazy_gettext("Changed a planned meeting"),
    "meeting:plan:cancel": lazy_gettext("Called a meeting off"),
    "meeting:invitation:read": lazy_gettext("Fetched a meeting for a calendar"),
    "meeting:child:prepare": lazy_gettext("Wrote how the child is prepared for a meeting"),
    "meeting:minutes:approve": lazy_gettext("Locked the approved minutes of a meeting"),
    "case:entry:mark": lazy_gettext("Marked how something is shared"),
    "case:reference:create": lazy_gettext("Wrote where something is kept"),
    "case:part:print": lazy_gettext("Took out a part of the log"),
    "case:partiality:declare": lazy_gettext("Kept a partial colleague out of the case"),
    "case:partiality:lift": lazy_gettext("Let a colleague in who was kept out as partial"),
    "family:age:settle": lazy_gettext("Decided with the young person what happens at 18"),
    "family:access:judge": lazy_gettext("Decided what one of the family may read"),
    "family:copy:print": lazy_gettext("Made a copy for one of the family"),
    "client:key:make": lazy_gettext("Made the key of a professional system"),
    "client:key:revoke": lazy_gettext("Ended the key of a professional system"),
    "client:agreement:give": lazy_gettext("Let a professional system act for them"),
    "client:agreement:withdraw": lazy_gettext("Stopped a professional system from acting for them"),
    "client:list:read": lazy_gettext("Looked at which professional systems there are"),
    "log:open:write": lazy_gettext("Opened the log"),
    "log:suspend:write": lazy_gettext("Put the log on hold"),
    "log:resume:write": lazy_gettext("Took the log up again"),
    "log:close:write": lazy_gettext("Closed the log"),
    "log:background:create": lazy_gettext("Wrote the background"),
    "log:goal:create": lazy_gettext("Wrote a goal"),
    "log:goal:evaluate": lazy_gettext("Wrote how a goal stands"),
    "log:measure:create": lazy_gettext("Wrote a measure"),
    "log:measure:change": lazy_gettext("Changed a measure"),
    "log:evaluation:create": lazy_gettext("Wrote an evaluation"),
    "log:decision:create": lazy_gettext("Wrote a decision"),
    "log:note:create": lazy_gettext("Wrote a note"),
    "baton:offer:create": lazy_gettext("Offered the baton"),
    "baton:offer:accept": lazy_gettext("Took the baton"),
    "baton:offer:decline": lazy_gettext("Said no to the baton"),
    "baton:offer:expire": lazy_gettext("The offer of the baton ran out"),
    "baton:offer:withdraw": lazy_gettext("Took back the offer of the baton"),
    "guardian:access:block": lazy_gettext("Kept a guardian out"),
    "guardian:proposal:create": lazy_gettext("Read in what a register says"),
    "guardian:proposal:accept": lazy_gettext("Accepted what a register says"),
    "guardian:proposal:refuse": lazy_gettext("Refused what a register says"),
    "guardian:access:lift": lazy_gettext("Let a guardian in again"),
    "case:double:note": lazy_gettext("Opened a log about a child who has one"),
    "log:join:seek": lazy_gettext("Tried to put the log together with another"),
    "log:join:ask": lazy_gettext("Asked about putting two logs together"),
    "log:join:answer": lazy_gettext("Answered about putting two logs together"),
    "log:join:write": lazy_gettext("Set the log aside"),
    "log:part:write": lazy_gettext("Took the log back into use"),
    "case:move:propose": lazy_gettext("Asked another service to take the case"),
    "case:move:accept": lazy_gettext("Took over the case from another service"),
    "case:move:decline": lazy_gettext("Said no to taking over the case"),
    "baton:holder:reassign": lazy_gettext("Gave the baton to another as leader"),
    "consent:request:create": lazy_gettext("Asked for consent"),
    "consent:answer:record": lazy_gettext("Wrote down an answer about consent"),
    "consent:answer:withdraw": lazy_gettext("Withdrew consent"),
    "consent:block:record": lazy_gettext("Wrote down that the county governor keeps it secret"),
    "consent:block:lift": lazy_gettext("Wrote down that the county governor has lifted it"),
    "consent:validity:expire": lazy_gettext("The consent ran out"),
    "sharing:ground:create": lazy_gettext("Wrote down why something is shared without consent"),
    "sharing:access:open": lazy_gettext("Shared something without consent"),
    "sharing:access:stop": lazy_gettext("Stopped a sharing without consent"),
    "outside:ground:create": lazy_gettext("Wrote down why somebody outside is told"),
    "outside:telling:open": lazy_gettext("Agreed that somebody outside is told"),
    "outside:telling:stop": lazy_gettext("Gave up telling somebody outside"),
    "participant:access:invite": lazy_gettext("Invited someone"),
    "participant:access:revoke": lazy_gettext("Ended someone's access"),
    "referral:request:create": lazy_gettext("Asked the team for help"),
    "referral:request:take": lazy_gettext("Took the referral"),
    "referral:request:return": lazy_gettext("Sent the referral back"),
    "referral:rights:record": lazy_gettext("Wrote down that the family was told of its rights"),
    "referral:holder:appoint": lazy_gettext("Suggested a new baton holder"),
    "worklist:own:read": lazy_gettext("Saw their own list"),
    "team:queue:read": lazy_gettext("Saw the team's queue"),
    "team:agenda:read": lazy_gettext("Saw the team's agenda"),
    "insight:case:read": lazy_gettext("Saw who has looked"),
    "insight:log:search": lazy_gettext("Searched the access log"),
    "case:protection:read": lazy_gettext("Looked at who may open the case"),
    "case:protection:set": lazy_gettext("Protected an address in the case"),
    "case:protection:name": lazy_gettext("Changed who may open the case"),
    "case:protection:lift": lazy_gettext("Ended the address protection"),
    "emergency:case:seek": lazy_gettext("Looked for a case to open in an emergency"),
    "emergency:access:open": lazy_gettext("Opened it with emergency access"),
    "emergency:case:read": lazy_gettext("Read the core with emergency access"),
    "review:list:read": lazy_gettext("Saw what is to be reviewed"),
    "review:use:read": lazy_gettext("Read a review"),
    "review:suspension:read": lazy_gettext("Read why an account was suspended"),
    "bait:cases:plant": lazy_gettext("Planted bait cases"),
    "control:month:run": lazy_gettext("Made the monthly control"),
    "control:month:read": lazy_gettext("Saw the monthly control"),
    "control:finding:read": lazy_gettext("Read a finding of the control"),
    "control:finding:settle": lazy_gettext("Reviewed a finding of the control"),
    "control:month:sign": lazy_gettext("Signed off the monthly control"),
    "account:access:suspend": lazy_gettext("Suspended an account"),
    "account:access:restore": lazy_gettext("Let somebody in again"),
    "desk:list:read": lazy_gettext("Saw what waits on the desk"),
    "breach:record:create": lazy_gettext("Opened a record of a breach"),
    "breach:record:read": lazy_gettext("Read a record of a breach"),
    "breach:record:add": lazy_gettext("Added to a record of a breach"),
    "request:record:create": lazy_gettext("Wrote down a request for access or correction"),
    "request:record:read": lazy_gettext("Read a request for access or correction"),
    "request:record:add": lazy_gettext("Added to a request for access or correction"),
    "review:use:settle": lazy_gettext("Reviewed how access was used"),
    "account:profile:create": lazy_gettext("Made an account"),
    "account:person:register": lazy_gettext("Registered who a colleague is"),
    "account:profile:change": lazy_gettext("Changed an account"),
    "account:profile:disable": lazy_gettext("Closed an account"),
    "account:departure:plan": lazy_gettext("Planned somebody's last day"),
    "account:departure:withdraw": lazy_gettext("Took back somebody's last day"),
    "leaving:list:read": lazy_gettext("Saw who leaves"),
    "follow-up:unit:read": lazy_gettext("Saw what lies in the unit"),
    "consultation:list:read": lazy_gettext("Saw questions without names in a list"),
    "consultation:question:ask": lazy_gettext("Asked a team without names"),
    "consultation:question:read": lazy_gettext("Read a question without names"),
    "consultation:question:answer": lazy_gettext("Answered a question without names"),
    "consultation:question:return": lazy_gettext(
        "Sent a question back because it told who it is about"
    ),
    "consultation:question:rewrite": lazy_gettext("Wrote a question without names anew"),
    "consultation:question:settle": lazy_gettext("Said that an answer without names is read"),
    "consultation:question:withdraw": lazy_gettext("Deleted a question without names"),
    "consultation:question:dispose": lazy_gettext(
        "Questions without names were deleted on their day"
    ),
    "consultation:seat:set": lazy_gettext(
        "Named somebody to a team that can be asked without names"
    ),
    "consultation:seat:end": lazy_gettext(
        "Took somebody out of a team that can be asked without names"
    ),
    "absence:list:read": lazy_gettext("Saw who is away"),
    "absence:period:set": lazy_gettext("Wrote down who is away and who stands in"),
    "absence:period:withdraw": lazy_gettext("Took back that somebody is away"),
    "reminder:choice:set": lazy_gettext("Chose how to be reminded"),
    "reminder:mail:plan": lazy_gettext("Reminders by e-mail were made ready"),
    "account:role:grant": lazy_gettext("Gave a role"),
    "account:role:end": lazy_gettext("Ended a role"),
    "account:password:change": lazy_gettext("Changed the password"),
    "account:reset:write": lazy_gettext("Let an account begin anew"),
    "account:reset:read": lazy_gettext("Saw the code of an account that begins anew"),
    "account:totp:enrol": lazy_gettext("Set up the code app"),
    "session:strength:raise": lazy_gettext("Proved password and code again"),
    "approval:request:create": lazy_gettext("Asked for a colleague's approval"),
    "approval:request:withdraw": lazy_gettext("Took back a request for approval"),
    "approval:request:expire": lazy_gettext("The approval ran out"),
    "approval:answer:give": lazy_gettext("Approved what a colleague asked for"),
    "approval:answer:refuse": lazy_gettext("Refused what a colleague asked for"),
    "approval:act:use": lazy_gettext("Used an approval"),
    "approval:list:read": lazy_gettext("Saw what waits for approval"),
    "rules:draft:change": lazy_gettext("Wrote on the local rules"),
    "rules:draft:discard": lazy_gettext("Threw away a draft of local rules"),
    "rules:text:ask": lazy_gettext("Laid new local rules before a colleague"),
    "rules:version:publish": lazy_gettext("Published a version of the local rules"),
    "tenant:register:change": lazy_gettext("Changed the municipality and its local rules"),
    "tenant:register:create": lazy_gettext("Set up the municipality"),
    "unit:register:create": lazy_gettext("Set up a unit"),
    "key:tenant:create": lazy_gettext("Made the municipality's keys"),
    "key:tenant:rotate": lazy_gettext("Changed the municipality's keys"),
    "key:tenant:destroy": lazy_gettext("Ended an old key"),
    "key:data:rewrap": lazy_gettext("Moved the keys to the new one"),
    "case:file:erase": lazy_gettext("Destroyed the case, by permission"),
    "archive:list:read": lazy_gettext("Saw which closed cases wait for the archive"),
    "case:archive:export": lazy_gettext("Opened all of the case for an archive package"),
    "case:archive:sign": lazy_gettext("Signed an archive package of the case"),
    "case:archive:receive": lazy_gettext("Noted that the archive has the case"),
    "erasure:certificate:issue": lazy_gettext("Wrote a certificate of erasure"),
    "key:value:reseal": lazy_gettext("Sealed values anew under a new key"),
    "key:index:renew": lazy_gettext("Changed the key that national ids are looked up with"),
    "key:row:renew": lazy_gettext("Renewed the proof of rights for a new version"),
    "key:root:move": lazy_gettext("Changed the root key"),
    "key:recovery:export": lazy_gettext("Made shares of the root key"),
    "key:share:refuse": lazy_gettext("Refused a share that was to open the keys"),
    "key:start:open": lazy_gettext("Opened the keys with shares after a start"),
    "key:drill:run": lazy_gettext("Tried out the recovery of everything"),
    "backup:dump:make": lazy_gettext("Made a backup"),
    "backup:dump:restore": lazy_gettext("Put back a backup"),
    "key:data:create": lazy_gettext("Made a key"),
    "key:data:destroy": lazy_gettext("Destroyed a key"),
    "key:case:release": lazy_gettext("Opened to write in"),
    "key:list:release": lazy_gettext("Opened names for a list"),
    "authority:row:grant": lazy_gettext("Had a right written down"),
    "alarm:broker:raise": lazy_gettext("Alarm: more than is usual, or something forged"),
    "release:counts:prepare": lazy_gettext("Prepared counts"),
    "release:counts:publish": lazy_gettext("Published counts"),
    "release:counts:correct": lazy_gettext("Corrected published counts"),
    "release:counts:withdraw": lazy_gettext("Withdrew published counts"),
    "access:request:deny": lazy_gettext("Tried to open something"),
    "audit:log:verify": lazy_gettext("Checked the access log"),
    "audit:log:export": lazy_gettext("Downloaded from the access log"),
    "audit:epoch:begin": lazy_gettext("Began a new epoch of the access log"),
    "audit:heartbeat:make": lazy_gettext("Said that the program is at work"),
}

_GROUNDS: Final = {
    "holder": lazy_gettext("Baton holder"),
    "follower": lazy_gettext("Works with the child"),
    "participant": lazy_gettext("Participant with consent"),
    "offered": lazy_gettext("Has been offered the baton"),
    "lead": lazy_gettext("Leader of the unit"),
    "unit_lead": lazy_gettext("Leader of the unit"),
    "team_lead": lazy_gettext("The team has the referral"),
    "team_member": lazy_gettext("The team has the referral"),
    "team": lazy_gettext("The team has the referral"),
    "author": lazy_gettext("Wrote it"),
    "guardian": lazy_gettext("Own right to see"),
    "youth": lazy_gettext("Own right to see"),
    "role": lazy_gettext("Part of the job"),
    "cell": lazy_gettext("Consent"),
    "duty": lazy_gettext("Duty to report"),
    "by_law": lazy_gettext("Shared without consent"),
    **{gate.value: text for gate, text in GATE.items()},
    "emergency": lazy_gettext("Emergency"),
    "on_call": lazy_gettext("On call"),
    "dpo": lazy_gettext("Data protection officer"),
}

_EMERGENCY: Final = ("emergency:access:open", "emergency:case:read")
_LOOKS: Final = ("read", "run", "search")


_MASKED: Final = lazy_gettext("Somebody from another service")


def act(access: Access) -> str:
    """What was done, in a few words; a refusal says so."""
    return words(access.action, refused=access.refused)


def words(action: str, *, refused: bool) -> str:
    """What an act is called; a refusal says so."""
    said = str(ACTS.get(action, action))
    if refused and action == "access:request:deny":
        return str(gettext("Was refused"))
    if refused:
        return str(gettext("%(act)s, but was refused", act=said))
    return said


def ground(access: Access) -> str:
    """Why it was allowed; empty where there is nothing to say."""
    kind, _, rest = access.ground.partition(":")
    known = _GROUNDS.get(rest) or _GROUNDS.get(kind)
    return str(known) if known is not None else ""


def doer(access: Access) -> str:
    """Who did it. What nobody did by hand is said to be done by Stafett itself."""
    if access.outsider:
        return str(gettext("Somebody who has no access"))
    if access.masked:
        return str(_MASKED)
    if access.name:
        return access.name
    if access.system == "visitor":
        return str(gettext("Somebody not signed in"))
    return str(gettext("Stafett itself"))


def color(access: Access) -> str:
    """The tag's colour: refusals stand out, printing is marked, looking is quiet."""
    return shade(access.action, refused=access.refused)


def shade(action: str, *, refused: bool) -> str:
    """The same, of an act alone."""
    if refused:
        return "danger"
    if action in {"case:page:print", "audit:log:export", *_EMERGENCY}:
        return "warning"
    return "neutral" if action.rpartition(":")[2] in _LOOKS else ""
