"""The codes for everything that is entered in the audit log, one per act, in the form subject:part:verb.

Who may do what is decided elsewhere; here is only what an act is called.
"""

from enum import StrEnum


class Action(StrEnum):
    """One kind of act. The member's name is its code in capitals, so either can be found from the other.

    The `own:record:*` codes cover both drafts and duty records. That is on purpose: an entry for a
    duty record must look like any draft, or the log itself would tell that a report was made.
    """

    SESSION_SIGN_IN_ALLOW = "session:sign-in:allow"
    SESSION_SIGN_IN_DENY = "session:sign-in:deny"
    SESSION_SIGN_OUT_RUN = "session:sign-out:run"
    SESSION_LIFETIME_EXPIRE = "session:lifetime:expire"

    SEARCH_CHILD_RUN = "search:child:run"
    SEARCH_NATIONAL_ID_RUN = "search:national-id:run"

    CASE_CONCERN_CREATE = "case:concern:create"
    CASE_OPEN_READ = "case:open:read"
    CASE_LIST_READ = "case:list:read"
    CASE_PAGE_PRINT = "case:page:print"
    CASE_CHILD_CHANGE = "case:child:change"
    CASE_LEVEL_CHANGE = "case:level:change"
    CASE_STATUS_CLOSE = "case:status:close"
    CASE_STATUS_REOPEN = "case:status:reopen"
    CASE_CONVERSATION_RECORD = "case:conversation:record"
    CASE_STEP_RECORD = "case:step:record"
    CASE_ATTACHMENT_CREATE = "case:attachment:create"
    CASE_ATTACHMENT_READ = "case:attachment:read"
    CASE_ATTACHMENT_REMOVE = "case:attachment:remove"
    CASE_ATTACHMENT_REFUSE = "case:attachment:refuse"
    CASE_ATTACHMENT_ERASE = "case:attachment:erase"
    CASE_ENTRY_CORRECT = "case:entry:correct"
    CASE_STATEMENT_CREATE = "case:statement:create"
    CASE_ENTRY_MARK = "case:entry:mark"
    CASE_REFERENCE_CREATE = "case:reference:create"
    CASE_PART_PRINT = "case:part:print"
    CASE_DOUBLE_NOTE = "case:double:note"
    CASE_MOVE_PROPOSE = "case:move:propose"
    CASE_MOVE_ACCEPT = "case:move:accept"
    CASE_MOVE_DECLINE = "case:move:decline"
    GUARDIAN_ACCESS_BLOCK = "guardian:access:block"
    GUARDIAN_ACCESS_LIFT = "guardian:access:lift"
    GUARDIAN_PROPOSAL_CREATE = "guardian:proposal:create"
    GUARDIAN_PROPOSAL_ACCEPT = "guardian:proposal:accept"
    GUARDIAN_PROPOSAL_REFUSE = "guardian:proposal:refuse"
    CASE_PARTIALITY_DECLARE = "case:partiality:declare"
    CASE_PARTIALITY_LIFT = "case:partiality:lift"
    FAMILY_AGE_SETTLE = "family:age:settle"
    FAMILY_ACCESS_JUDGE = "family:access:judge"
    FAMILY_COPY_PRINT = "family:copy:print"
    CASE_PROTECTION_READ = "case:protection:read"
    CASE_PROTECTION_SET = "case:protection:set"
    CASE_PROTECTION_NAME = "case:protection:name"
    CASE_PROTECTION_LIFT = "case:protection:lift"

    LOG_OPEN_WRITE = "log:open:write"
    LOG_SUSPEND_WRITE = "log:suspend:write"
    LOG_RESUME_WRITE = "log:resume:write"
    LOG_CLOSE_WRITE = "log:close:write"
    LOG_JOIN_SEEK = "log:join:seek"
    LOG_JOIN_ASK = "log:join:ask"
    LOG_JOIN_ANSWER = "log:join:answer"
    LOG_JOIN_WRITE = "log:join:write"
    LOG_PART_WRITE = "log:part:write"
    LOG_BACKGROUND_CREATE = "log:background:create"
    LOG_GOAL_CREATE = "log:goal:create"
    LOG_GOAL_EVALUATE = "log:goal:evaluate"
    LOG_MEASURE_CREATE = "log:measure:create"
    LOG_MEASURE_CHANGE = "log:measure:change"
    LOG_EVALUATION_CREATE = "log:evaluation:create"
    LOG_DECISION_CREATE = "log:decision:create"
    LOG_NOTE_CREATE = "log:note:create"

    MEETING_PLAN_CREATE = "meeting:plan:create"
    MEETING_PLAN_CHANGE = "meeting:plan:change"
    MEETING_PLAN_CANCEL = "meeting:plan:cancel"
    MEETING_INVITATION_READ = "meeting:invitation:read"
    MEETING_CHILD_PREPARE = "meeting:child:prepare"
    MEETING_MINUTES_APPROVE = "meeting:minutes:approve"

    BATON_OFFER_CREATE = "baton:offer:create"
    BATON_OFFER_ACCEPT = "baton:offer:accept"
    BATON_OFFER_DECLINE = "baton:offer:decline"
    BATON_OFFER_EXPIRE = "baton:offer:expire"
    BATON_OFFER_WITHDRAW = "baton:offer:withdraw"
    BATON_HOLDER_REASSIGN = "baton:holder:reassign"

    CONSENT_REQUEST_CREATE = "consent:request:create"
    CONSENT_ANSWER_RECORD = "consent:answer:record"
    CONSENT_ANSWER_WITHDRAW = "consent:answer:withdraw"
    CONSENT_BLOCK_RECORD = "consent:block:record"
    CONSENT_BLOCK_LIFT = "consent:block:lift"
    CONSENT_VALIDITY_EXPIRE = "consent:validity:expire"

    SHARING_GROUND_CREATE = "sharing:ground:create"
    SHARING_ACCESS_OPEN = "sharing:access:open"
    SHARING_ACCESS_STOP = "sharing:access:stop"
    #: The same where the receiver is outside: that the police was told is in no list of a case.
    OUTSIDE_GROUND_CREATE = "outside:ground:create"
    OUTSIDE_TELLING_OPEN = "outside:telling:open"
    OUTSIDE_TELLING_STOP = "outside:telling:stop"

    PARTICIPANT_ACCESS_INVITE = "participant:access:invite"
    PARTICIPANT_ACCESS_REVOKE = "participant:access:revoke"

    REFERRAL_REQUEST_CREATE = "referral:request:create"
    REFERRAL_REQUEST_TAKE = "referral:request:take"
    REFERRAL_REQUEST_RETURN = "referral:request:return"
    REFERRAL_RIGHTS_RECORD = "referral:rights:record"
    REFERRAL_HOLDER_APPOINT = "referral:holder:appoint"

    WORKLIST_OWN_READ = "worklist:own:read"
    TEAM_QUEUE_READ = "team:queue:read"
    TEAM_AGENDA_READ = "team:agenda:read"
    INSIGHT_CASE_READ = "insight:case:read"
    INSIGHT_LOG_SEARCH = "insight:log:search"

    EMERGENCY_CASE_SEEK = "emergency:case:seek"
    EMERGENCY_ACCESS_OPEN = "emergency:access:open"
    EMERGENCY_CASE_READ = "emergency:case:read"
    REVIEW_LIST_READ = "review:list:read"
    REVIEW_USE_READ = "review:use:read"
    REVIEW_USE_SETTLE = "review:use:settle"
    REVIEW_SUSPENSION_READ = "review:suspension:read"
    BAIT_CASES_PLANT = "bait:cases:plant"
    CONTROL_MONTH_RUN = "control:month:run"
    CONTROL_MONTH_READ = "control:month:read"
    CONTROL_FINDING_READ = "control:finding:read"
    CONTROL_FINDING_SETTLE = "control:finding:settle"
    CONTROL_MONTH_SIGN = "control:month:sign"

    DESK_LIST_READ = "desk:list:read"
    BREACH_RECORD_CREATE = "breach:record:create"
    BREACH_RECORD_READ = "breach:record:read"
    BREACH_RECORD_ADD = "breach:record:add"
    REQUEST_RECORD_CREATE = "request:record:create"
    REQUEST_RECORD_READ = "request:record:read"
    REQUEST_RECORD_ADD = "request:record:add"

    OWN_RECORD_WRITE = "own:record:write"
    OWN_RECORD_READ = "own:record:read"
    OWN_RECORD_DELETE = "own:record:delete"

    RULES_DRAFT_CHANGE = "rules:draft:change"
    RULES_DRAFT_DISCARD = "rules:draft:discard"
    RULES_TEXT_ASK = "rules:text:ask"
    RULES_VERSION_PUBLISH = "rules:version:publish"

    ACCOUNT_PROFILE_CREATE = "account:profile:create"
    ACCOUNT_PROFILE_CHANGE = "account:profile:change"
    ACCOUNT_PERSON_REGISTER = "account:person:register"
    ACCOUNT_PROFILE_DISABLE = "account:profile:disable"
    ACCOUNT_ACCESS_SUSPEND = "account:access:suspend"
    ACCOUNT_ACCESS_RESTORE = "account:access:restore"
    ACCOUNT_DEPARTURE_PLAN = "account:departure:plan"
    ACCOUNT_DEPARTURE_WITHDRAW = "account:departure:withdraw"
    LEAVING_LIST_READ = "leaving:list:read"
    FOLLOW_UP_UNIT_READ = "follow-up:unit:read"
    ABSENCE_LIST_READ = "absence:list:read"
    ABSENCE_PERIOD_SET = "absence:period:set"
    ABSENCE_PERIOD_WITHDRAW = "absence:period:withdraw"
    CONSULTATION_LIST_READ = "consultation:list:read"
    CONSULTATION_QUESTION_ASK = "consultation:question:ask"
    CONSULTATION_QUESTION_READ = "consultation:question:read"
    CONSULTATION_QUESTION_ANSWER = "consultation:question:answer"
    CONSULTATION_QUESTION_RETURN = "consultation:question:return"
    CONSULTATION_QUESTION_REWRITE = "consultation:question:rewrite"
    CONSULTATION_QUESTION_SETTLE = "consultation:question:settle"
    CONSULTATION_QUESTION_WITHDRAW = "consultation:question:withdraw"
    CONSULTATION_QUESTION_DISPOSE = "consultation:question:dispose"
    CONSULTATION_SEAT_SET = "consultation:seat:set"
    CONSULTATION_SEAT_END = "consultation:seat:end"
    REMINDER_CHOICE_SET = "reminder:choice:set"
    REMINDER_MAIL_PLAN = "reminder:mail:plan"
    CLIENT_KEY_MAKE = "client:key:make"
    CLIENT_KEY_REVOKE = "client:key:revoke"
    CLIENT_AGREEMENT_GIVE = "client:agreement:give"
    CLIENT_AGREEMENT_WITHDRAW = "client:agreement:withdraw"
    CLIENT_LIST_READ = "client:list:read"
    ACCOUNT_ROLE_GRANT = "account:role:grant"
    ACCOUNT_ROLE_END = "account:role:end"
    ACCOUNT_PASSWORD_CHANGE = "account:password:change"  # noqa: S105 - an action code, not a password
    ACCOUNT_RESET_WRITE = "account:reset:write"
    ACCOUNT_RESET_READ = "account:reset:read"
    ACCOUNT_TOTP_ENROL = "account:totp:enrol"
    SESSION_STRENGTH_RAISE = "session:strength:raise"

    APPROVAL_REQUEST_CREATE = "approval:request:create"
    APPROVAL_REQUEST_WITHDRAW = "approval:request:withdraw"
    APPROVAL_REQUEST_EXPIRE = "approval:request:expire"
    APPROVAL_ANSWER_GIVE = "approval:answer:give"
    APPROVAL_ANSWER_REFUSE = "approval:answer:refuse"
    APPROVAL_ACT_USE = "approval:act:use"
    APPROVAL_LIST_READ = "approval:list:read"
    TENANT_REGISTER_CREATE = "tenant:register:create"
    TENANT_REGISTER_CHANGE = "tenant:register:change"
    UNIT_REGISTER_CREATE = "unit:register:create"

    KEY_TENANT_CREATE = "key:tenant:create"
    KEY_TENANT_ROTATE = "key:tenant:rotate"
    KEY_TENANT_DESTROY = "key:tenant:destroy"
    KEY_DATA_REWRAP = "key:data:rewrap"
    KEY_VALUE_RESEAL = "key:value:reseal"
    KEY_INDEX_RENEW = "key:index:renew"
    KEY_ROW_RENEW = "key:row:renew"
    KEY_ROOT_MOVE = "key:root:move"
    KEY_RECOVERY_EXPORT = "key:recovery:export"
    KEY_SHARE_REFUSE = "key:share:refuse"
    KEY_START_OPEN = "key:start:open"
    KEY_DRILL_RUN = "key:drill:run"
    CASE_FILE_ERASE = "case:file:erase"
    ERASURE_CERTIFICATE_ISSUE = "erasure:certificate:issue"
    ARCHIVE_LIST_READ = "archive:list:read"
    CASE_ARCHIVE_EXPORT = "case:archive:export"
    CASE_ARCHIVE_SIGN = "case:archive:sign"
    CASE_ARCHIVE_RECEIVE = "case:archive:receive"
    BACKUP_DUMP_MAKE = "backup:dump:make"
    BACKUP_DUMP_RESTORE = "backup:dump:restore"
    KEY_DATA_CREATE = "key:data:create"
    KEY_DATA_DESTROY = "key:data:destroy"
    KEY_CASE_RELEASE = "key:case:release"
    KEY_LIST_RELEASE = "key:list:release"
    AUTHORITY_ROW_GRANT = "authority:row:grant"
    ALARM_BROKER_RAISE = "alarm:broker:raise"
    RELEASE_COUNTS_PREPARE = "release:counts:prepare"
    RELEASE_COUNTS_PUBLISH = "release:counts:publish"
    RELEASE_COUNTS_CORRECT = "release:counts:correct"
    RELEASE_COUNTS_WITHDRAW = "release:counts:withdraw"
    ACCESS_REQUEST_DENY = "access:request:deny"
    AUDIT_LOG_VERIFY = "audit:log:verify"
    AUDIT_LOG_EXPORT = "audit:log:export"
    AUDIT_EPOCH_BEGIN = "audit:epoch:begin"
    AUDIT_HEARTBEAT_MAKE = "audit:heartbeat:make"


READS = frozenset(
    {
        Action.SEARCH_CHILD_RUN,
        Action.SEARCH_NATIONAL_ID_RUN,
        Action.CASE_OPEN_READ,
        Action.CASE_PROTECTION_READ,
        Action.CASE_LIST_READ,
        Action.CASE_PAGE_PRINT,
        Action.CASE_ARCHIVE_EXPORT,
        Action.ARCHIVE_LIST_READ,
        Action.CASE_ATTACHMENT_READ,
        Action.MEETING_INVITATION_READ,
        Action.WORKLIST_OWN_READ,
        Action.TEAM_QUEUE_READ,
        Action.TEAM_AGENDA_READ,
        Action.INSIGHT_CASE_READ,
        Action.INSIGHT_LOG_SEARCH,
        Action.EMERGENCY_CASE_SEEK,
        Action.EMERGENCY_CASE_READ,
        Action.REVIEW_LIST_READ,
        Action.REVIEW_USE_READ,
        Action.REVIEW_SUSPENSION_READ,
        Action.CONTROL_MONTH_READ,
        Action.CONTROL_FINDING_READ,
        Action.DESK_LIST_READ,
        Action.BREACH_RECORD_READ,
        Action.REQUEST_RECORD_READ,
        Action.OWN_RECORD_READ,
        Action.APPROVAL_LIST_READ,
        Action.KEY_CASE_RELEASE,
        Action.KEY_LIST_RELEASE,
        Action.LEAVING_LIST_READ,
        Action.FOLLOW_UP_UNIT_READ,
        Action.ABSENCE_LIST_READ,
        Action.CONSULTATION_LIST_READ,
        Action.CONSULTATION_QUESTION_READ,
        Action.CLIENT_LIST_READ,
        Action.ACCOUNT_RESET_READ,
        Action.AUDIT_LOG_EXPORT,
    }
)
"""Acts by which somebody learns something. They change no content."""

OPENINGS = frozenset(
    {
        Action.CASE_OPEN_READ,
        Action.CASE_PROTECTION_READ,
        Action.CASE_PAGE_PRINT,
        Action.INSIGHT_CASE_READ,
        Action.EMERGENCY_CASE_READ,
        Action.KEY_CASE_RELEASE,
    }
)
"""Acts by which one case is opened for a person. Every list shows them, and the monthly control counts them."""

SYSTEM = frozenset(
    {
        Action.SESSION_SIGN_IN_ALLOW,
        Action.SESSION_SIGN_IN_DENY,
        Action.SESSION_SIGN_OUT_RUN,
        Action.SESSION_LIFETIME_EXPIRE,
        Action.SESSION_STRENGTH_RAISE,
        Action.APPROVAL_REQUEST_EXPIRE,
        Action.BATON_OFFER_EXPIRE,
        Action.CASE_ATTACHMENT_REFUSE,
        Action.CASE_ATTACHMENT_ERASE,
        Action.CONSENT_VALIDITY_EXPIRE,
        Action.KEY_TENANT_CREATE,
        Action.KEY_TENANT_ROTATE,
        Action.KEY_TENANT_DESTROY,
        Action.KEY_DATA_REWRAP,
        Action.KEY_VALUE_RESEAL,
        Action.KEY_INDEX_RENEW,
        Action.KEY_ROW_RENEW,
        Action.KEY_ROOT_MOVE,
        Action.KEY_RECOVERY_EXPORT,
        Action.KEY_SHARE_REFUSE,
        Action.KEY_START_OPEN,
        Action.KEY_DRILL_RUN,
        Action.ERASURE_CERTIFICATE_ISSUE,
        Action.BACKUP_DUMP_MAKE,
        Action.BACKUP_DUMP_RESTORE,
        Action.KEY_DATA_CREATE,
        Action.KEY_DATA_DESTROY,
        Action.AUTHORITY_ROW_GRANT,
        Action.ALARM_BROKER_RAISE,
        Action.ACCESS_REQUEST_DENY,
        Action.AUDIT_LOG_VERIFY,
        Action.AUDIT_EPOCH_BEGIN,
        Action.AUDIT_HEARTBEAT_MAKE,
        Action.REMINDER_MAIL_PLAN,
        Action.CONSULTATION_QUESTION_DISPOSE,
    }
)
"""Acts of the machinery itself: sign-in, the passing of time, keys, refusals and checks."""

WRITES = frozenset(Action) - READS - SYSTEM
"""Acts by which a person changes content or who has access to it."""
