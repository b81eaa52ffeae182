"""One request of another process: decided, entered and committed before anything is released.

The decisions are ``local``'s, on a session of the broker's own that sees committed rows alone.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from bti.audit.record import Recorder
from bti.crypto.errors import Locked, SealError
from bti.crypto.unsealing_provider import UnsealingProvider
from bti.db.guards import UnauditedReadError
from bti.db.models import Account
from bti.db.walls import EVERYWHERE, stand
from bti.domain.errors import AccessDenied, BaitTaken, Unavailable
from bti.identity.tokens import digest_of_proof
from bti.keyd import denial, on_behalf
from bti.keyd.broker import OnBehalf, is_persons
from bti.keyd.evidence import Evidence
from bti.keyd.parcel import Parcel
from bti.keyd.peers import ALLOWED, SYSTEM_SIDES, WORKED, Side
from bti.keyd.quota import Meter
from bti.keyd.requests import REQUESTS
from bti.keyd.unsealing import SHARES, Unsealing, told
from bti.keyd.work import Work

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session, sessionmaker

    from bti.clock import Clock
    from bti.crypto.provider import KeyProvider
    from bti.keyd.local import LocalBroker, LocalVerbs
    from bti.keyd.peers import Peer
    from bti.keyd.quota import Limits
    from bti.keyd.requests import Answer
    from bti.keyd.unsealing import Owed
    from bti.keyd.wire import Request

_log: Final = logging.getLogger(__name__)
_ATTEMPTS: Final = 4
_LOCKS: Final = 64
#: Sessions whose owner is remembered: 32 bytes each, and an id.
_KNOWN: Final = 20_000
_RACES: Final = frozenset({"40001", "40P01", "23505"})
#: What the program may ask in nobody's name from a process that browsers reach.
_NAMELESS: Final = frozenset(
    {"sign", "verifier_key", "username_token", "check", "grant", "prove_code"}
    | {"open_directory", "new_review"}
)
#: The caller enters these refusals itself, or they are no refusals.
_NOT_ENTERED: Final = frozenset({"check"})


class Handler:
    """Answers requests. Safe for several threads."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        broker: LocalBroker,
        clock: Clock,
        limits: Limits,
        provider: KeyProvider | None = None,
    ) -> None:
        """Work on sessions of the broker's own; ``provider`` may be one that waits for shares."""
        self._sessions = sessions
        self._broker = broker
        self._clock = clock
        self._limits = limits
        self._evidence = Evidence()
        self._unsealing = (
            Unsealing(provider, self._note_shares)
            if isinstance(provider, UnsealingProvider)
            else None
        )
        self._one_at_a_time = [threading.Lock() for _ in range(_LOCKS)]
        #: Whose a session is, by the digest of its proof: that never changes, whatever becomes of the session.
        self._owners: dict[bytes, uuid.UUID] = {}
        #: Codes are looked at one by one: they are counted over all accounts.
        self._codes = threading.Lock()
        self.counts: Counter[str] = Counter()

    def answer(self, peer: Peer, request: Request, shard: int) -> dict[str, Any]:
        """Return the answer to a request that has the right form. Raises nothing expected."""
        self.counts["requests"] += 1
        nameless = not is_persons(request.credential)
        if (
            request.verb not in ALLOWED[peer.side]
            or (nameless and peer.side not in SYSTEM_SIDES and request.verb not in _NAMELESS)
            or (peer.side is Side.WORK and not _is_work(request))
            or (isinstance(request.credential, OnBehalf) and request.verb not in on_behalf.VERBS)
        ):
            self.counts["not_allowed"] += 1
            _log.warning("uid %d asked for %s, which is not its own", peer.uid, request.verb)
            return _no("denied", rule="peer.verb")
        if request.verb in SHARES:
            return self._unsealing.answer(peer, request) if self._unsealing else {"ok": told(None)}
        return self._worked(peer, request, shard)

    def _worked(self, peer: Peer, request: Request, shard: int) -> dict[str, Any]:
        with self._lock_of(request):
            return self._answered(peer, request, shard)

    def _answered(self, peer: Peer, request: Request, shard: int) -> dict[str, Any]:
        """Work, and enter a refusal: of two at once only the first is an alarm."""
        try:
            return {"ok": self._attempts(peer, request, shard)}
        except AccessDenied as refusal:
            self.counts["denied"] += 1
            return self._refused(peer, request, refusal)
        except (SealError, Locked):
            self.counts["sealed"] += 1
            return _no("sealed")
        except IntegrityError:
            return _no("conflict")
        except (SQLAlchemyError, Unavailable) as fault:
            self.counts["away"] += 1
            _log.warning("%s could not be answered: %s", request.verb, type(fault).__name__)
            return _no("away")

    def sweep(self) -> int:
        """Destroy keys whose row never came, or is gone; returns how many records were settled."""
        if self._unsealing is not None:
            self._unsealing.settle()
        return int(self._own("sweep")["settled"])

    def _note_shares(self, owed: Owed) -> None:
        self._own("note_shares", owed=owed)

    def _own(self, verb: str, **args: object) -> dict[str, Any]:
        """Do something in the broker's own name."""
        with self._sessions() as session, session.begin():
            meter = Meter(session, self._clock, self._limits)
            return self._within(session, REQUESTS[verb], None, args, meter)

    def _attempts(self, peer: Peer, request: Request, shard: int) -> dict[str, Any]:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._attempt(peer, request, shard)
            except (IntegrityError, OperationalError) as error:
                state = getattr(error.orig, "sqlstate", None)
                if state not in _RACES or attempt == _ATTEMPTS:
                    raise
        raise AssertionError

    def _attempt(self, peer: Peer, request: Request, shard: int) -> dict[str, Any]:
        with self._sessions() as session, session.begin():
            meter = Meter(session, self._clock, self._limits, peer=peer.label, shard=shard)
            return self._within(
                session,
                REQUESTS[request.verb],
                request,
                request.args,
                meter,
                operator=peer.side in SYSTEM_SIDES,
            )

    def _within(
        self,
        session: Session,
        work_of: Callable[..., Answer],
        request: Request | None,
        args: Mapping[str, Any],
        meter: Meter,
        *,
        operator: bool = True,
    ) -> Answer:
        stand(session, EVERYWHERE)
        recorder = Recorder(session, self._clock)
        parcel = Parcel()
        credential = request.credential if request is not None else "keyd"
        verbs = self._broker.verbs(session, recorder, credential, meter, parcel)
        try:
            work = Work(
                session=session,
                verbs=verbs,
                recorder=recorder,
                meter=meter,
                evidence=self._evidence,
                now=self._clock.now(),
                operator=operator,
                counts=self.counts,
            )
            found = work_of(work, **args)
            if recorder.written:
                recorder.close(verbs.sign)
            elif parcel.cases:
                raise UnauditedReadError("a key of a case does not leave in silence")
            session.flush()
            return found | {"keys": parcel.packed()}
        finally:
            verbs.close()

    def _lock_of(self, request: Request) -> threading.Lock:
        # One person opens one thing at a time, in all their sessions: many at once would each be counted as
        # the first. Held before the transaction begins, so that nobody waits here with locks of the database.
        credential = request.credential
        if isinstance(credential, bytes | OnBehalf) and request.verb in _COUNTED:
            owner = self._owner_of(credential)
            mark = credential if isinstance(credential, bytes) else credential.proof
            which = owner.int if owner is not None else mark[0]
            return self._one_at_a_time[which % _LOCKS]
        if request.verb in {"prove_code", "prove_own_code"}:
            return self._codes
        return threading.Lock()

    def _owner_of(self, credential: bytes | OnBehalf) -> uuid.UUID | None:
        """Return whose session or yes this is, asked once; None for what will be refused itself."""
        if isinstance(credential, bytes):
            mark = digest_of_proof(credential)
        else:
            # One key acts for many people.
            mark = digest_of_proof(credential.proof + credential.agreement.bytes)
        known = self._owners.get(mark)
        if known is not None:
            return known
        try:
            with self._sessions() as session, session.begin():
                stand(session, EVERYWHERE)
                owner = self._broker.owner_of(session, credential)
        except (AccessDenied, SealError, Locked, SQLAlchemyError, Unavailable):
            return None
        if len(self._owners) >= _KNOWN:
            self._owners.clear()
        self._owners[mark] = owner
        return owner

    def _refused(self, peer: Peer, request: Request, refusal: AccessDenied) -> dict[str, Any]:
        entered = refusal.entered
        if request.verb not in _NOT_ENTERED:
            try:
                entered = self._enter(request, refusal)
            except (SQLAlchemyError, SealError, Unavailable):
                _log.exception("a refusal to uid %d could not be entered", peer.uid)
        if isinstance(refusal, BaitTaken):
            return _no("bait", rule=refusal.rule, case=refusal.bait_id, entered=entered)
        return _no("denied", rule=refusal.rule, case=refusal.case_id, entered=entered)

    def _enter(self, request: Request, refusal: AccessDenied) -> bool:
        """Enter a refusal by itself; tells whether there was a log to enter it in."""
        with self._sessions() as session, session.begin():
            stand(session, EVERYWHERE)
            recorder = Recorder(session, self._clock)
            meter = Meter(session, self._clock, self._limits)
            verbs = self._broker.verbs(session, recorder, request.credential, meter, Parcel())
            try:
                tenant, account = _whose(request, verbs)
                if request.verb == "prove_code":
                    tenant, account = _proving(session, request, refusal)
                if tenant is None:
                    _log.warning("%s refused (%s) to nobody known", request.verb, refusal.rule)
                    return False
                if isinstance(refusal, BaitTaken) and account is not None:
                    self._evidence.take(account, self._clock.now())
                denial.enter(
                    session,
                    recorder,
                    refusal,
                    tenant=tenant,
                    by=verbs.by(),
                    account=account,
                    at=self._clock.now(),
                )
                recorder.close(verbs.sign)
            except AccessDenied:
                return False
            finally:
                verbs.close()
        return True


def _is_work(request: Request) -> bool:
    """Tell whether the rows to be granted are new ones such as a job writes, and no others."""
    rows = request.args.get("rows", ()) if request.verb == "grant" else ()
    return all(row["table"] in WORKED and row["version"] == 1 for row in rows)


_COUNTED: Final = frozenset({"open", "open_core", "new_compartments", "national_id_token", "grant"})


def _whose(
    request: Request,
    verbs: LocalVerbs,
) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    if is_persons(request.credential):
        subject = verbs.subject()
        return subject.tenant_id, subject.account_id
    tenant = request.args.get("tenant")
    rows = request.args.get("rows")
    if tenant is None and rows:
        tenant = rows[0]["tenant"]
    return tenant, None


def _proving(
    session: Session, request: Request, refusal: AccessDenied
) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """Return whose codes are guessed; of a limit over all accounts there is one alarm, not many."""
    found = session.get(Account, request.args["account"])
    if found is None:
        return None, None
    one = refusal.rule == "quota.codes"
    return found.tenant_id, found.id if one else found.tenant_id


def _no(
    code: str, *, rule: str = "", case: uuid.UUID | None = None, entered: bool = False
) -> dict[str, Any]:
    return {
        "no": {
            "code": code,
            "rule": rule,
            "case": case.hex if case is not None else None,
            "entered": entered,
        }
    }
