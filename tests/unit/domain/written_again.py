"""The policy a second time, as data of its own shape. Nothing here calls the code it is held against.

Each line: act, kind, what a closed case does, strength, purposes, then who. Letters are relations:
H holder, F follower, P participant, L leader of the owner unit, T member or leader of the team of an
open referral, t its leader only, O offered the baton, A author, G guardian, Y youth, E emergency
access, I impartial data protection officer, S leader of the one reviewed. A small role name needs no
relation. For H F P L T t somebody outside the owner's unit also needs a live cell. A case with a
protected address is open to the named alone; with ! not even to them, with ~ to others too.
"""

from bti.domain.codes import Role
from bti.domain.policy import Action
from bti.domain.relations import ObjectKind, Purpose, Relation

TABLE = """
report_danger        *            open  any   *               staff unit_lead team_lead team_member on_call dpo archivist administrator
log_concern          installation shut  two   follow-up       staff unit_lead team_lead team_member
search_child         installation shut  two   follow-up       staff unit_lead team_lead team_member
see_worklist         installation shut  two   follow-up       staff unit_lead team_lead team_member
see_follow_up        installation shut  two   follow-up       unit_lead
see_team_queue       installation shut  two   follow-up       team_lead team_member
consult              installation shut  two   follow-up       staff unit_lead team_lead team_member
name_consultants     installation shut  two   follow-up,administration unit_lead team_lead administrator
own_record           own_record   open  two   *               A
read_case            case         open  two   follow-up,family H F P L T G Y
see_case_accesses    case         open  two   follow-up,family H F P L T G Y
print_case           case         open  two   follow-up       H F P L T
change_child         case         shut  two   follow-up       H F L
record_conversation  case         shut  two   follow-up       H F P L
record_step          case         shut  two   follow-up       H F P L
change_level         case         shut  two   follow-up       H F L t
close_case           case         shut  two   follow-up       H F L
reopen_case          case         open  two   follow-up       H F L
open_log             case         shut  two   follow-up       H F L
close_log            case         shut  two   follow-up       H F L
write_plan           case         shut  two   follow-up       H F P
evaluate             case         shut  two   follow-up       H F P
write_note           case         shut  two   follow-up       H F P L T
attach_file          case         shut  two   follow-up       H F P L T
remove_file          case         open  two   follow-up       H F P L T
correct_entry        case         open  two   follow-up       H F P L T
plan_meeting         case         shut  two   follow-up       H F L t
prepare_child        case         shut  two   follow-up       H F P L
keep_minutes         case         shut  two   follow-up       H F P L t
offer_baton          case         shut  two   follow-up       H
answer_offer         case         shut  two   follow-up       O
withdraw_offer       case         shut  two   follow-up       H
reassign_baton       case         shut  two   follow-up       L
move_case            case         shut  two   follow-up       H L
join_logs            case         open  two   follow-up       H L
ask_consent          case         shut  two   follow-up       H F L
record_answer        case         shut  two   follow-up       H F L
share_by_law         case         shut  two   follow-up       H F L
withdraw_consent     case         open  two   follow-up,family H F P L T G Y
invite_participant   case         shut  two   follow-up       H F L
revoke_participant   case         shut  two   follow-up       H F L
protect_case         case         open  two   follow-up       H F P L
manage_protection    case~        open  fresh follow-up       L
lift_block           case         shut  fresh follow-up       L
refer                case         shut  two   follow-up       H L
take_referral        case         shut  two   follow-up       t
return_referral      case         shut  two   follow-up       t
record_rights        case         shut  two   follow-up       t H
appoint_holder       case         shut  two   follow-up       t
search_audit         installation shut  two   oversight       dpo
export_audit         installation shut  fresh oversight       dpo
manage_accounts      installation shut  two   administration  administrator
manage_units         installation shut  two   administration  administrator
edit_rules           installation shut  two   administration  administrator
see_clients          installation shut  two   oversight,administration dpo administrator
manage_clients       installation shut  two   administration  administrator
archive_list         installation shut  two   archiving       archivist
seek_emergency       installation shut  fresh emergency       on_call
open_emergency       case!        open  fresh emergency       on_call
read_core            case!        open  two   emergency       E
see_reviews          installation shut  two   oversight       dpo unit_lead
review_use           review       shut  two   oversight       I S
lift_suspension      review       shut  fresh oversight       I
sign_control         installation shut  two   oversight       dpo
keep_breaches        installation shut  two   oversight       dpo
keep_rights_requests installation shut  two   oversight       dpo
ask_approval         installation shut  two   oversight,administration,archiving dpo archivist administrator
give_approval        installation shut  two   follow-up,oversight,administration,archiving unit_lead team_lead dpo archivist administrator
"""

WORKERS = {"staff", "unit_lead", "team_lead", "team_member"}
EMPLOYED = WORKERS | {"on_call", "dpo", "archivist", "administrator"}
LETTERS = {
    "H": ("holder", WORKERS),
    "F": ("follower", WORKERS),
    "P": ("participant", WORKERS),
    "O": ("offered", WORKERS),
    "L": ("lead", {"unit_lead"}),
    "T": ("team", {"team_lead", "team_member"}),
    "t": ("team", {"team_lead"}),
    "A": ("author", EMPLOYED),
    "G": ("guardian", {"guardian"}),
    "Y": ("youth", {"youth"}),
    "E": ("emergency", {"on_call"}),
    "I": ("impartial", {"dpo"}),
    "S": ("own_staff", {"unit_lead"}),
}
BY_CONSENT = {"holder", "follower", "participant", "lead", "team"}
HATS = {
    "staff": {"follow-up"},
    "unit_lead": {"follow-up", "oversight"},
    "team_lead": {"follow-up"},
    "team_member": {"follow-up"},
    "on_call": {"emergency"},
    "dpo": {"oversight"},
    "archivist": {"archiving"},
    "administrator": {"administration"},
    "slt_coordinator": set(),
    "guardian": {"family"},
    "youth": {"family"},
}
LEVELS = {"any": 0, "two": 1, "fresh": 2}


class Line:
    """One line of the table, taken apart."""

    def __init__(self, text: str) -> None:
        action, kind, closed, strength, purposes, *who = text.split()
        self.action = Action(action)
        self.any_kind = kind == "*"
        self.kind = None if self.any_kind else ObjectKind(kind.rstrip("!~"))
        self.unprotected = kind.endswith("!")
        self.unnamed_too = kind.endswith("~")
        self.closed = closed == "open"
        self.level = LEVELS[strength]
        self.purposes = (
            set(Purpose) if purposes == "*" else {Purpose(one) for one in purposes.split(",")}
        )
        self.pairs = set()
        for one in who:
            relation, roles = LETTERS.get(one) or ("role", {one})
            self.pairs |= {(Role(role), Relation(relation)) for role in roles}

    def relations(self, role, *, let_in):
        """Which relations are enough for a role, with or without consent where it is needed."""
        return {
            relation
            for one, relation in self.pairs
            if one is role and (let_in or relation.value not in BY_CONSENT)
        }


#: What is done in a log that is continued in another, beside what is done in a closed case; and what is not.
SET_ASIDE_TOO = {Action.CHANGE_CHILD, Action.CLOSE_CASE, Action.REVOKE_PARTICIPANT}
SET_ASIDE_NOT = {Action.REOPEN_CASE}

LINES = {line.action: line for line in map(Line, TABLE.strip().splitlines())}
EXPECTED = {action: line.pairs for action, line in LINES.items()}
FOR = {Role(role): {Purpose(one) for one in purposes} for role, purposes in HATS.items()}
