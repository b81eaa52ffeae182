"""One pass over a log."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import chain, islice

from bti.audit.verify.diagnosis import (
    TRIAL_HASHES,
    TRIAL_LATER,
    TRIAL_WINDOW,
    rearranged,
    without_one,
)
from bti.audit.verify.entries import EPOCH, EXPRESSIONS, Read, ending_of, moved, read_leaf, stamp
from bti.audit.verify.findings import BadError, Finding, FoundError, Kind, Report
from bti.audit.verify.notes import Keys, State, claimed_place, decode
from bti.audit.verify.tree import Tree, leaf_hash

# How far a time may lie behind the newest one before it: another writer's transaction may have been
# open for a while. And how far ahead of a witness's clock an entry may be that it has seen.
_MOST_BEHIND = timedelta(hours=1)
_MOST_AHEAD = timedelta(minutes=10)


class Run:
    """One pass over a log. Nothing counts as proven until a checkpoint over it has been matched."""

    def __init__(
        self,
        leaves: Iterable[tuple[int, bytes]],
        checkpoints: Iterable[str],
        keys: Keys,
        tenant: str,
    ) -> None:
        self._leaves, self._notes, self._keys, self._tenant = (
            iter(leaves),
            iter(checkpoints),
            keys,
            tenant,
        )
        self._tree, self._epoch, self._base = Tree(), 1, 0
        # Per writer; those that got their place at once are one writer without a name.
        self._times: dict[str, str] = {}
        self._chains: dict[str, tuple[int, bytes]] = {}
        self._newest, self._floor = "", ""
        self._lost: list[tuple[int, int]] = []
        self._cosigned: tuple[int, str] | None = None
        self._proven = (0, self._tree.root(), "")
        self._matched = 0

    def report(self) -> Report:
        """Read everything and tell the outcome."""
        finding = None
        try:
            for note in self._notes:
                self._match(note)
            self._end()
        except FoundError as found:
            finding = found.finding
        return Report(
            *self._proven,
            checkpoints=self._matched,
            finding=finding,
            epoch=self._epoch,
            base=self._base,
            lost=tuple(self._lost),
            writers=self._chains,
            cosigned=self._cosigned,
        )

    @property
    def _here(self) -> int:
        return self._base + self._tree.size

    def _end(self) -> None:
        end = self._here
        if not self._matched:
            raise FoundError(Finding(Kind.CHECKPOINT, 0, 0, "there is no checkpoint"))
        if next(self._leaves, None) is not None:
            detail = "it comes after the last checkpoint"
            raise FoundError(Finding(Kind.INSERTED, end, end, detail))
        if self._keys.quorum and self._cosigned is None:
            detail = f"no checkpoint is cosigned by {self._keys.quorum} of the witnesses"
            raise FoundError(Finding(Kind.WITNESS, 0, end, detail))

    def _match(self, note: str) -> None:
        """Read the entries a checkpoint adds and compare the root."""
        number = self._matched + 1
        try:
            state = self._keys.open(note)
        except BadError as error:
            detail = f"checkpoint no. {number}: {error}"
            raise FoundError(Finding(Kind.SIGNATURE, self._here, self._here, detail)) from error
        if state.epoch > self._epoch:
            self._begin(state.epoch)
        start, here, size = self._tree.size, self._here, state.size
        if (
            state.epoch < self._epoch
            or size < start
            or (size == start and state.root != self._tree.root())
        ):
            detail = f"checkpoint no. {number} contradicts an earlier one"
            raise FoundError(Finding(Kind.CHECKPOINT, here, here, detail))
        before, added, doubt = Tree(start, self._tree.peaks), list[bytes](), None
        while self._tree.size < size:
            entry = self._next(size)
            entry_hash = leaf_hash(entry)
            doubt = doubt or self._judge(entry, entry_hash)
            if len(added) <= TRIAL_WINDOW:
                added.append(entry_hash)
            self._tree.add(entry_hash)
        if self._tree.root() != state.root:
            raise FoundError(self._diagnose(before, added, size, state.root))
        if doubt:
            raise FoundError(doubt)
        self._proven, self._matched = (self._here, state.root, self._newest), number
        self._witnessed(state)

    def _next(self, size: int) -> bytes:
        expected, proven = self._here, self._proven[0]
        numbered = next(self._leaves, None)
        if numbered is None:
            covered = self._base + size
            detail = f"there are {expected} entries and a checkpoint over {covered}"
            raise FoundError(Finding(Kind.MISSING, proven, covered - 1, detail))
        position, entry = numbered
        if position > expected:
            detail = "the numbering has a gap"
            raise FoundError(Finding(Kind.MISSING, expected, position - 1, detail))
        if position < expected:
            detail = f"an entry numbered {position} stands here"
            raise FoundError(Finding(Kind.REORDERED, expected, expected, detail))
        return entry

    def _begin(self, epoch: int) -> None:
        """Read what the old epoch has after its last checkpoint, and what the new one says of it.

        What no checkpoint of the old epoch covers is covered by the new one: its first entry states the old root.
        """
        doubt, before, added = None, Tree(self._tree.size, self._tree.peaks), list[bytes]()
        while True:
            numbered = next(self._leaves, None)
            if numbered is None or numbered[0] != self._here:
                detail = f"epoch {epoch} is signed and does not begin"
                raise FoundError(Finding(Kind.MISSING, self._here, self._here, detail))
            entry = numbered[1]
            ending = EXPRESSIONS[EPOCH].fullmatch(entry)
            if ending:
                break
            entry_hash = leaf_hash(entry)
            doubt = doubt or self._judge(entry, entry_hash)
            added.append(entry_hash)
            self._tree.add(entry_hash)
        number, signed, found, root, note = ending_of(ending["epo"].decode())
        stated = (int(number), int(found), decode(root))
        if stated != (epoch, self._tree.size, self._tree.root()):
            detail = f"epoch {epoch} does not begin where epoch {self._epoch} ended"
            raise FoundError(Finding(Kind.EPOCH, self._here, self._here, detail))
        if doubt:
            raise FoundError(doubt)
        replaced = self._heard(int(signed), note, before, added)
        self._lost.append((epoch, max(int(signed) - int(found), replaced)))
        self._base, self._tree, self._epoch = self._here, Tree(), epoch
        self._leaves = chain([numbered], self._leaves)

    def _heard(self, signed: int, encoded: str, before: Tree, added: Sequence[bytes]) -> int:
        """Compare what a new epoch says was signed in the old one with the signature it quotes.

        Returns 1 if other entries stand where signed ones stood: a log that was put back and written on
        before anybody noticed. How many of them were replaced, a root does not tell. `before` is the
        tree at the last checkpoint that was kept, `added` the hashes of the entries after it.
        """
        if not encoded and not signed:
            return 0
        try:
            note = decode(encoded).decode("utf-8", "replace")
            if claimed_place(note)[0] > self._epoch:
                return 0  # of an epoch between, lost as a whole: nothing here to compare it with
            state = self._keys.open(note)
        except BadError as error:
            detail = f"the checkpoint that the new epoch quotes: {error}"
            raise FoundError(Finding(Kind.EPOCH, self._here, self._here, detail)) from error
        # What is signed grows: the newest signature is over no less than one that was kept.
        if state.epoch != self._epoch or state.size != signed or signed < before.size:
            detail = "the checkpoint that the new epoch quotes says something else"
            raise FoundError(Finding(Kind.EPOCH, self._here, self._here, detail))
        if signed > self._tree.size:
            return 0
        return int(before.root_with(added[: signed - before.size]) != state.root)

    def _judge(self, entry: bytes, entry_hash: bytes) -> Finding | None:
        """Say what is wrong with an entry in itself; it counts only if the entry is as it was signed."""
        place = self._here
        try:
            read = read_leaf(entry)
        except BadError as error:
            return Finding(Kind.MALFORMED, place, place, f"signed like this, but {error}")
        self._tenant = self._tenant or read.tenant
        if read.tenant != self._tenant:
            return Finding(Kind.TENANT, place, place, "it belongs to another tenant")
        if read.begins != (self._epoch > 1 and self._tree.size == 0):
            return Finding(Kind.EPOCH, place, place, "an epoch begins where none does")
        if read.time < self._times.get(read.writer, ""):
            return Finding(Kind.TIME, place, place, "it is earlier than the entry before it")
        behind = read.time < self._newest and read.time < moved(self._newest, -_MOST_BEHIND)
        if behind or read.time < self._floor:
            detail = "it is much earlier than what was there before it"
            return Finding(Kind.TIME, place, place, detail)
        self._times[read.writer] = read.time
        self._newest = max(self._newest, read.time)
        return self._linked(read, entry_hash) if read.writer else None

    def _linked(self, read: Read, entry_hash: bytes) -> Finding | None:
        """Say what is missing between an entry and the one its writer made before."""
        number, previous = self._chains.get(read.writer, (0, b""))
        self._chains[read.writer] = (read.number, entry_hash)
        if read.number == number + 1 and read.previous == previous:
            return None
        place, missing = self._here, f"{number + 1} to {read.number - 1}"
        detail = (
            f"entries {missing} of writer {read.writer} never reached the log"
            if read.number > number + 1
            else f"writer {read.writer} does not go on from its entry before"
        )
        return Finding(Kind.WRITER, place, place, detail)

    def _witnessed(self, state: State) -> None:
        """Take the times of cosignatures: a clock that whoever runs the log does not set."""
        times = sorted(state.times.values(), reverse=True)
        for time in times:
            if moved(stamp(time), _MOST_AHEAD) < self._newest:
                detail = "a witness saw it before the time it states"
                raise FoundError(Finding(Kind.TIME, self._here - 1, self._here - 1, detail))
            self._floor = max(self._floor, moved(stamp(time), -_MOST_BEHIND))
        if times and len(times) >= self._keys.quorum:
            at = times[max(self._keys.quorum, 1) - 1]
            self._cosigned = (self._here, stamp(at))

    def _diagnose(self, before: Tree, added: list[bytes], size: int, root: bytes) -> Finding:
        """Give the likeliest reading of a wrong root over the entries from `before.size` to `size`."""
        start, last = self._base + before.size, self._base + size - 1
        later = [leaf_hash(entry) for _, entry in islice(self._leaves, TRIAL_LATER)]
        total = size + len(later) + sum(1 for _ in self._leaves)
        claims = [claimed_place(note) for note in self._notes]
        # Where another epoch follows, how many entries there should be is not known from here.
        counted = all(epoch == self._epoch for epoch, _ in claims)
        covered = max(size, *(claimed for _, claimed in claims), 0) if counted else total
        if total < covered:
            detail = f"there are {self._base + total} entries and a checkpoint over {self._base + covered}"
            return Finding(Kind.MISSING, start, last, detail)
        if len(added) <= TRIAL_WINDOW:
            trials = (
                without_one([*added, *later[:1]]) if total > covered else rearranged(added, later)
            )
            kind = Kind.INSERTED if total > covered else Kind.REORDERED
            for place, trial in islice(trials, TRIAL_HASHES // max(len(added), 1)):
                if before.root_with(trial) == root:
                    detail = "it does not belong in this place"
                    return Finding(kind, start + place, start + place, detail)
        if total > covered:
            detail = f"there are {total} entries, the checkpoints cover {covered}"
            return Finding(Kind.INSERTED, start, last, detail)
        return Finding(Kind.EDITED, start, last, "the content is not what was signed")
