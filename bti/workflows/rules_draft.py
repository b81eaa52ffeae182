"""Changing the municipality's own rules on a page: writing, looking, asking a second person, publishing.

What was typed is kept as it is, also where it cannot be used; only a text that the reader of files takes can be
asked for. Two people agree to the digest of that text, and the same text is what is published.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Municipality, OwnRules, RulesDraft, RulesText
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct, own_rules_params
from bti.domain.errors import Conflict, NotFound, RuleBroken
from bti.profiles import ProfileError
from bti.profiles import in_force as shipped_in_force
from bti.profiles.draft import Decision, Draft
from bti.profiles.loader import shipped_document
from bti.profiles.own import (
    LONGEST,
    Difference,
    differences,
    key_of,
    number_of,
    own_document,
    own_version,
)
from bti.profiles.sections import Section, added, at, filled, groups
from bti.workflows import approval, own_rules
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Mapping

    from bti.profiles import Profile
    from bti.profiles.reader import Document
    from bti.profiles.sections import Path_, Values
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class DraftPage:
    """The draft and what it would be. ``whole`` is the draft on top of ``base``, values as typed."""

    version: int
    #: Whether anything is being written.
    begun: bool
    #: The version it would become, and the one in force.
    key: str
    current: str
    draft: Draft = field(repr=False)
    base: dict[str, Any] = field(repr=False)
    whole: dict[str, Any] = field(repr=False)
    faults: tuple[ProfileError, ...]
    changes: tuple[Difference, ...] = field(repr=False)
    profile: Profile | None = field(repr=False)
    published: tuple[Profile, ...] = field(repr=False)
    #: Asked for and not used: its approval, and whether a colleague has said yes.
    asked: uuid.UUID | None
    given: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text that was asked for or published, beside what is in force."""

    key: str
    content: str = field(repr=False)
    profile: Profile = field(repr=False)
    changes: tuple[Difference, ...] = field(repr=False)


def followed(context: Context) -> Profile:
    """Return the local rules the person's municipality goes by today."""
    context.verbs.subject()
    return context.profile


def show(context: Context) -> DraftPage:
    """Return the draft and everything about it. Raises ``AccessDenied``."""
    require(context, Action.EDIT_RULES)
    row = _row(context)
    there = own_rules.published(context, context.person.tenant_id)
    draft, number = _draft(context, row), len(there) + 1
    content = _content(context, draft, number)
    document, profile, faults = _read(content)
    asked = _asked(context, number, content)
    return DraftPage(
        version=row.version if row is not None else 0,
        begun=row is not None and bool(row.body),
        key=key_of(number),
        current=context.profile.key,
        draft=draft,
        base=shipped_document(draft.extends).values,
        whole=document.values,
        faults=(*faults, *_late(context, profile, there)),
        changes=differences(_document(context, context.profile.key), document),
        profile=profile,
        published=there,
        asked=asked,
        given=asked is not None and _is_given(context, number, content),
    )


def fill(
    context: Context, *, version: int, section: Section, typed: Mapping[Path_, object]
) -> None:
    """Write what was typed on one page, by path. Raises ``AccessDenied`` and ``Conflict``.

    ``RuleBroken("rules.too_long")`` when it has become longer than a text of rules may be.
    """

    def how(draft: Draft, base: Values, whole: Values) -> Draft:
        slots = [slot for one in groups(section, base, whole) for slot in one.slots]
        sent = {slot: typed[slot.path] for slot in slots if slot.path in typed}
        return filled(draft, base, sent)

    _write(context, version, how)


def add(context: Context, *, version: int, section: Section, what: str) -> None:
    """Add one of what is `addable` on a page, to be filled in. Raises as ``fill``."""
    _write(context, version, lambda draft, _base, whole: added(draft, whole, section, what))


def take(context: Context, *, version: int, path: Path_) -> None:
    """Take away something that was added. Raises as ``fill``, and ``NotFound`` for what the shipped version has."""

    def how(draft: Draft, base: Values, _whole: Values) -> Draft:
        if at(draft.values, path) is None or at(base, path) is not None:
            raise NotFound
        return draft.put(path, None)

    _write(context, version, how)


def decide(context: Context, *, version: int, decision: Decision) -> None:
    """Write where it is decided and from when, as typed. Raises as ``fill``."""
    _write(context, version, lambda draft, _base, _whole: replace(draft, decision=decision))


def discard(context: Context, *, version: int) -> None:
    """Throw the draft away. Raises ``AccessDenied`` and ``Conflict``."""
    require(context, Action.EDIT_RULES)
    row = _held(context, version)
    if row is not None:
        row.body = {}
        context.record(Act.RULES_DRAFT_DISCARD, Reference("tenant", row.tenant_id))


def ask(context: Context, *, version: int, reason: str) -> uuid.UUID:
    """Ask a second person's yes to exactly this text; returns the approval's id, the same one when asked again.

    Raises ``RuleBroken`` with rules.unfinished or rules.same, ``Conflict``, ``StepUpNeeded`` and ``AccessDenied``.
    """
    require(context, Action.EDIT_RULES)
    number, content = _ready(context, version)
    already = _asked(context, number, content)
    if already is not None:
        return already
    tenant_id, sha256 = context.person.tenant_id, own_rules.digest(content)
    known = select(RulesText.id).where(RulesText.tenant_id == tenant_id, RulesText.sha256 == sha256)
    if context.session.scalars(known).first() is None:
        context.session.add(RulesText(tenant_id=tenant_id, sha256=sha256, content=content))
        context.record(Act.RULES_TEXT_ASK, Reference("tenant", tenant_id))
    params = own_rules_params(number, sha256)
    return approval.ask(context, ApprovalAct.PROFILE_CHANGE, params, reason=reason)


def publish(context: Context, *, approval_id: uuid.UUID) -> str:
    """Make exactly what was agreed to the next version, and return its key.

    A draft that says the same is empty then; one that goes further stays. Raises ``ApprovalRefused``,
    ``AccessDenied``, and ``RuleBroken("rules.overtaken")`` when its number or its day has passed.
    """
    require(context, Action.EDIT_RULES)
    params = approval.params_of(context, approval_id, ApprovalAct.PROFILE_CHANGE)
    number, sha256 = params.get("rules"), params.get("rules_sha256")
    if not isinstance(number, int) or not isinstance(sha256, str):
        raise NotFound
    tenant_id = context.person.tenant_id
    there = own_rules.published(context, tenant_id)
    content = own_rules.text_of(context, tenant_id, sha256)
    if number != len(there) + 1 or _late(context, own_version(content), there):
        raise RuleBroken("rules.overtaken")
    approval.use(context, approval_id, ApprovalAct.PROFILE_CHANGE, params)
    context.session.add(OwnRules(tenant_id=tenant_id, number=number, sha256=sha256))
    _after(context, content, number)
    context.record(
        Act.RULES_VERSION_PUBLISH,
        Reference("tenant", tenant_id),
        ground=f"gate:{ApprovalAct.PROFILE_CHANGE}",
    )
    own_rules.forget(context)
    return key_of(number)


def _after(context: Context, content: str, number: int) -> None:
    """Empty the draft, or let one that goes further stand on what is published now."""
    row = _row(context)
    if row is not None and row.body:
        draft = Draft.read(row.body)
        same = _content(context, draft, number) == content
        row.body = {} if same else draft.after(content).stored()


def proposal(context: Context, *, approval_id: uuid.UUID) -> Proposal:
    """Return what an approval is about, for its asker and for who may answer. Raises ``NotFound``."""
    line, _fresh = approval.show(context, approval_id=approval_id)
    sha256 = line.params.get("rules_sha256")
    if line.act is not ApprovalAct.PROFILE_CHANGE or not isinstance(sha256, str):
        raise NotFound
    return _proposal(context, own_rules.text_of(context, context.person.tenant_id, sha256))


def text(context: Context, *, number: int) -> str:
    """Return the text of a published version, as a file. Raises ``NotFound`` and ``AccessDenied``."""
    require(context, Action.EDIT_RULES)
    return _published_text(context, number)


def _proposal(context: Context, content: str) -> Proposal:
    document, _extends = own_document(content)
    profile = own_version(content)
    changes = differences(_document(context, context.profile.key), document)
    return Proposal(profile.key, content, profile, changes)


def _ready(context: Context, version: int) -> tuple[int, str]:
    row = _held(context, version)
    if row is None or not row.body:
        raise RuleBroken("rules.same")
    there = own_rules.published(context, row.tenant_id)
    draft, number = _draft(context, row), len(there) + 1
    content = _content(context, draft, number)
    document, profile, faults = _read(content)
    if faults or _late(context, profile, there):
        raise RuleBroken("rules.unfinished")
    if not differences(_document(context, context.profile.key), document):
        raise RuleBroken("rules.same")
    return number, content


def _write(context: Context, version: int, how: Callable[[Draft, Values, Values], Draft]) -> None:
    require(context, Action.EDIT_RULES)
    row = _held(context, version)
    draft = _draft(context, row)
    number = len(own_rules.published(context, context.person.tenant_id)) + 1
    whole = _read(_content(context, draft, number))[0].values
    changed = how(draft, shipped_document(draft.extends).values, whole)
    if len(_content(context, changed, number)) > LONGEST:
        raise RuleBroken("rules.too_long")
    if row is None:
        tenant_id = context.person.tenant_id
        row = RulesDraft(id=tenant_id, tenant_id=tenant_id)
        context.session.add(row)
    row.body = changed.stored()
    context.record(Act.RULES_DRAFT_CHANGE, Reference("tenant", row.tenant_id))


def _read(content: str) -> tuple[Document, Profile | None, tuple[ProfileError, ...]]:
    document, _extends = own_document(content)
    try:
        return document, own_version(content), ()
    except ProfileError as error:
        return document, None, error.faults


def _late(
    context: Context, profile: Profile | None, there: tuple[Profile, ...]
) -> tuple[ProfileError, ...]:
    """A version begins tomorrow at the earliest, and after the one before: nothing that was decided is moved."""
    after = max([context.today, *(one.valid_from for one in there[-1:])])
    if profile is None or profile.valid_from > after:
        return ()
    begins = profile.valid_from
    return (ProfileError("own.toml", "valid_from", _AFTER, begins, first=after),)


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds a text that is translated later
    """Mark a text for the catalogues."""
    return text


_AFTER = N_("a day after %(first)s")


def _content(context: Context, draft: Draft, number: int) -> str:
    town = context.session.get_one(Municipality, context.person.tenant_id)
    return draft.text(number, town.name)


def _draft(context: Context, row: RulesDraft | None) -> Draft:
    if row is not None and row.body:
        return Draft.read(row.body)
    there = own_rules.published(context, context.person.tenant_id)
    shipped = shipped_in_force(context.person.profile, context.today).key
    own = [one for one in there if (one.extends or "").split("/")[0] == context.person.profile]
    if not own:
        return Draft.begun(shipped, "")
    return Draft.begun(shipped, _published_text(context, own[-1].version))


def _document(context: Context, key: str) -> Document:
    number = number_of(key)
    if number is None:
        return shipped_document(key)
    return own_document(_published_text(context, number))[0]


def _published_text(context: Context, number: int) -> str:
    tenant_id = context.person.tenant_id
    row = context.session.scalars(
        select(OwnRules).where(OwnRules.tenant_id == tenant_id, OwnRules.number == number)
    ).one_or_none()
    if row is None:
        raise NotFound
    context.verbs.check(row)
    return own_rules.text_of(context, tenant_id, row.sha256)


def _asked(context: Context, number: int, content: str) -> uuid.UUID | None:
    params = own_rules_params(number, own_rules.digest(content))
    return approval.asked_for(context, ApprovalAct.PROFILE_CHANGE, params)


def _is_given(context: Context, number: int, content: str) -> bool:
    params = own_rules_params(number, own_rules.digest(content))
    try:
        return approval.given_for(context, ApprovalAct.PROFILE_CHANGE, params) is not None
    except RuleBroken:
        return False


def _row(context: Context) -> RulesDraft | None:
    return context.session.get(RulesDraft, context.person.tenant_id)


def _held(context: Context, version: int) -> RulesDraft | None:
    """Return the draft as the page saw it. Raises ``Conflict`` when somebody else has written since."""
    row = context.session.get(RulesDraft, context.person.tenant_id, with_for_update=True)
    if (row.version if row is not None else 0) != version:
        raise Conflict
    return row
