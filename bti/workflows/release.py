"""Half-year releases on the case side: made ready, published, corrected and taken back.

Everything is proven together with what was published before, of which ``release_record`` keeps who was
counted. What may be shown is decided in ``bti.disclosure``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.disclosure.menu import checked_population
from bti.disclosure.release import Edition, Release, Signed, publication_of, seal
from bti.domain.approval import ApprovalAct
from bti.workflows import approval, release_record
from bti.workflows.municipality import decided
from bti.workflows.release_count import counts

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence
    from datetime import date

    from bti.disclosure.linked.verify import Progress
    from bti.disclosure.menu import Population
    from bti.disclosure.preview import Line
    from bti.disclosure.tables import HalfYear
    from bti.domain.approval import Params
    from bti.workflows.actor import SystemActor
    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway
    from bti.workflows.release_count import Counted

PUBLISH: Final = "publish"
WITHDRAW: Final = "withdraw"


class NotEndedError(Exception):
    """The half-year is not over. Met by operators only: nobody prepares a release from a page."""

    def __init__(self, until: date) -> None:
        super().__init__(f"not over before {until} has passed")
        self.until = until


class ReleaseRefusedError(Exception):
    """A release cannot be made ready or go out.

    ``code`` is `release.` followed by `published_before` (a correction needs a reason),
    `nothing_to_correct`, `unknown_text` (what the network side has was not released from here),
    `missing` (what was released is gone there), or `not_prepared`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Prepared:
    """The release, and before and after for those who look at it, which stays on the case side."""

    release: Release
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a release is made from: who is counted, and what was published of whom."""

    children: Counted = field(repr=False)
    earlier: tuple[tuple[Release, Counted], ...] = field(repr=False)
    edition: Edition
    rounding: bytes = field(repr=False)


def prepare(
    doorway: Doorway,
    actor: SystemActor,
    *,
    tenant_id: uuid.UUID,
    period: HalfYear,
    published: Sequence[Release],
    population: Population,
    reason: str | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Count, protect, verify and seal, together with everything published. Nothing goes out.

    ``published`` is all that the network side has of this municipality, withdrawn versions too. With a
    ``reason`` it is a correction. The proof takes its time outside every transaction. Raises
    ``NotEndedError``, ``ReleaseRefusedError``, ``RecordDamagedError``, ``TableError`` (also when there
    are too few children), and ``NotSafe`` when no safe tables exist.
    """
    people = checked_population(population)
    gathered = doorway.perform(
        gather, actor, tenant_id=tenant_id, period=period, published=published, reason=reason
    )
    made = made_from(gathered, people, progress)
    doorway.perform(
        release_record.keep_basis,
        actor,
        tenant_id=tenant_id,
        digest=made.release.sha256(),
        children=gathered.children,
    )
    return made


def gather(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    period: HalfYear,
    published: Sequence[Release],
    reason: str | None,
) -> Gathered:
    """Read what a release is made from. Raises ``NotEndedError`` and ``ReleaseRefusedError``."""
    if context.today <= period.last_day:
        raise NotEndedError(period.last_day)
    children = counts(context, tenant_id=tenant_id, period=period)
    kept = release_record.kept(context, tenant_id)
    _check_published(kept, published)
    version = 1 + sum(one.period == period for one in published)
    if (version > 1) != (reason is not None):
        code = "release.published_before" if version > 1 else "release.nothing_to_correct"
        raise ReleaseRefusedError(code)
    rules = decided(context, tenant_id)
    edition = Edition(
        municipality_number=rules.number,
        municipality_name=rules.name,
        period=period,
        version=version,
        reason=reason,
        known=tuple(sorted(one.sha256() for one in published)),
    )
    earlier = tuple((one, kept.bases[one.sha256()]) for one in published)
    return Gathered(children, earlier, edition, kept.keys.rounding)


def made_from(gathered: Gathered, people: Population, progress: Progress | None) -> Prepared:
    """Protect and verify what was gathered. Raises ``TooFewError`` and ``NotSafe``."""
    from bti.disclosure.half_year import protected  # noqa: PLC0415 - slow to load, only used here
    from bti.disclosure.linked.verify import silent  # noqa: PLC0415 - as above
    from bti.disclosure.preview import lines  # noqa: PLC0415 - as above

    outcome, counted = protected(
        gathered.edition.period,
        people,
        gathered.children,
        [(publication_of(one), then) for one, then in gathered.earlier],
        gathered.rounding,
        progress or silent,
    )
    release = seal(outcome.verified, gathered.edition, people)
    return Prepared(release, tuple(lines(outcome.verified.publication, counted)))


def preview(context: Context, *, tenant_id: uuid.UUID, release: Release) -> tuple[Line, ...]:
    """What was counted beside what readers will see, of a release that was prepared here.

    Raises ``ReleaseRefusedError``.
    """
    from bti.disclosure.half_year import counted  # noqa: PLC0415 - slow to load, only used here
    from bti.disclosure.preview import lines  # noqa: PLC0415 - as above

    context.verbs.open_ops(tenant_id)
    basis = release_record.kept(context, tenant_id).bases.get(release.sha256())
    if basis is None:
        raise ReleaseRefusedError("release.not_prepared")
    publication = publication_of(release)
    return tuple(lines(publication, counted(publication.universe, basis)))


def publish_params(what: str, period: str, digest: str, reason: str = "") -> Params:
    """Return what two people agree to: exactly these numbers, by the digest of the release."""
    return {"act": what, "period": period, "what": digest, "reason": reason}


def publish(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    release: Release,
    hand_over: Callable[[Signed], uuid.UUID],
    approval_id: uuid.UUID | None,
) -> uuid.UUID:
    """Sign a release, let ``hand_over`` bring it to the network side, and enter it in the log.

    On two people's word, given for exactly this text; only the demonstration goes without. Only what
    was prepared here, and so has passed the verifier, is signed. All of it happens or nothing: what
    ``hand_over`` raises undoes the entry and leaves the approval unused. It must change nothing the
    second time, because a lost race runs it again. Raises ``ApprovalRefused``, ``ReleaseRefusedError``.
    """
    digest = release.sha256()
    params = publish_params(PUBLISH, str(release.period), digest, release.edition.reason or "")
    _use(context, tenant_id, params, approval_id)
    context.verbs.open_ops(tenant_id)
    kept = release_record.kept(context, tenant_id)
    if digest not in kept.bases:
        raise ReleaseRefusedError("release.not_prepared")
    release_id = hand_over(kept.keys.sign(release.canonical_json()))
    if digest not in kept.published:
        release_record.keep_published(context, tenant_id, digest)
    first = release.edition.version == 1
    _enter(
        context,
        Act.RELEASE_COUNTS_PUBLISH if first else Act.RELEASE_COUNTS_CORRECT,
        tenant_id,
        release_id,
    )
    return release_id


def withdraw(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    params: Params,
    hand_over: Callable[[], uuid.UUID],
    approval_id: uuid.UUID | None,
) -> uuid.UUID:
    """Let ``hand_over`` take a release away, on two people's word. Readers have it; it goes on counting."""
    _use(context, tenant_id, params, approval_id)
    release_id = hand_over()
    _enter(context, Act.RELEASE_COUNTS_WITHDRAW, tenant_id, release_id)
    return release_id


def _check_published(kept: release_record.Kept, published: Sequence[Release]) -> None:
    there = {one.sha256() for one in published}
    if not there <= set(kept.bases):
        raise ReleaseRefusedError("release.unknown_text")
    if not kept.published <= there:
        raise ReleaseRefusedError("release.missing")


def _use(
    context: Context, tenant_id: uuid.UUID, params: Params, approval_id: uuid.UUID | None
) -> None:
    if approval_id is not None or context.settings.mode != "demo":
        act = ApprovalAct.RELEASE_PUBLISH
        approval.use(context, approval_id, act, params, tenant_id=tenant_id)


def _enter(context: Context, act: Act, tenant_id: uuid.UUID, release_id: uuid.UUID) -> None:
    context.record(
        act, Reference("tenant", tenant_id), Reference("release", release_id), tenant=tenant_id
    )
