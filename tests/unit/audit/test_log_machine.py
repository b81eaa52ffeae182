"""Log, signer and witness through crashes, restores and rewriting, against a model that keeps lists.

The model knows nothing of trees: it compares the entries themselves. Signer and witness are the
real ones over real folders, and the verifier reads what the log would export.
"""

from __future__ import annotations

import tempfile
import uuid
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bti.audit.asking import body_of
from bti.audit.event import origin_of
from bti.audit.leaf import encode_digest
from bti.audit.proof import consistency_path, range_hash
from bti.audit.signer import SignerRefusedError, StatefulSigner
from bti.audit.state import StaleError
from bti.audit.tiles import loaded
from bti.audit.tree import leaf_hash
from bti.audit.verify import Policy, verify_leaves
from bti.audit.witness import Witness
from bti.clock import FixedClock
from tests.unit.audit.logs import a_leaf

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TENANT = uuid.UUID(int=5)
PLAIN_LINES = 5
"""How many lines a checkpoint has that no witness has signed."""


class Log(RuleBasedStateMachine):
    """A log with epochs: per epoch its entries, and the checkpoints that were kept."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="bti-machine-")
        self.signer = StatefulSigner(Path(self._folder.name) / "signer")
        self.witness = Witness.create(
            Path(self._folder.name) / "w", "vitne.example", FixedClock(NOW)
        )
        self.keys = [self.signer.verifier_key(TENANT, 1)]
        self.witness.watch(self.keys[0])
        # The database: what a backup holds and a restore puts back.
        self.epochs: list[list[bytes]] = [[]]
        self.notes: list[str] = []
        self.backup = None
        # The model: what was signed, and what a witness saw, as lists of entries.
        self.signed: list[list[bytes]] = [[]]
        self.seen: list[list[bytes]] = [[]]
        self.made = 0
        self.gone: list[bool] = []
        """Of each epoch after the first: whether it began without something that was signed."""

    def teardown(self) -> None:
        self._folder.cleanup()

    @property
    def epoch(self) -> int:
        return len(self.epochs)

    @property
    def entries(self) -> list[bytes]:
        return self.epochs[-1]

    def tree(self):
        tiles = loaded({})
        tiles.extend(0, [leaf_hash(one) for one in self.entries])
        return tiles.node

    @rule(count=st.integers(1, 9))
    def write(self, count: int) -> None:
        """Place some entries; each is unlike every other, as a true one is."""
        for _ in range(count):
            self.made += 1
            self.entries.append(a_leaf(self.made, ten=str(TENANT)).to_bytes())

    def _ask(self, old: int) -> str:
        node, size = self.tree(), len(self.entries)
        state = (size, range_hash(node, 0, size))
        try:
            path = consistency_path(node, old, size)
            return self.signer.sign(TENANT, self.epoch, state, old, path)
        except StaleError as stale:
            if stale.size > size:
                raise SignerRefusedError(str(stale)) from stale
            path = consistency_path(node, stale.size, size)
            return self.signer.sign(TENANT, self.epoch, state, stale.size, path)

    @rule(answer_arrives=st.booleans(), knows=st.integers(0, 40))
    def sign(self, *, answer_arrives: bool, knows: int) -> None:
        """The signer signs exactly what continues what it has signed; a crash may eat the answer."""
        before = self.signed[-1] if len(self.signed) == self.epoch else None
        may = before is not None and self.entries[: len(before)] == before
        try:
            note = self._ask(min(knows, len(self.entries)))
        except SignerRefusedError:
            assert not may
            return
        assert may
        self.signed[-1] = list(self.entries)
        if answer_arrives and note not in self.notes:
            self.notes.append(note)

    @precondition(lambda self: bool(self._kept()))
    @rule(answer_arrives=st.booleans(), knows=st.booleans())
    def witness_signs(self, *, answer_arrives: bool, knows: bool) -> None:
        """The witness signs exactly what continues what it saw, if the old size is the one it knows."""
        note = self._kept()[-1]
        size, before = int(note.split("\n")[1]), self.seen[self.epoch - 1]
        old = len(before) if knows else 0
        if old > size:
            return
        answer = self.witness.add_checkpoint(
            body_of(old, consistency_path(self.tree(), old, size), note)
        )
        may = old == len(before) and self.entries[:size][: len(before)] == before
        assert (answer.status == 200) == may
        if may:
            self.seen[self.epoch - 1] = self.entries[:size]
            if answer_arrives:
                self.notes[self.notes.index(note)] = note + answer.body

    def _kept(self) -> list[str]:
        """The checkpoints of this epoch over what stands here now; older ones have cosignatures."""
        origin, stands = origin_of(TENANT, self.epoch), len(self.entries)
        node = self.tree()
        found = []
        for note in self.notes:
            name, size, root = note.split("\n")[:3]
            if name != origin or int(size) > stands or note.count("\n") != PLAIN_LINES:
                continue
            if root == b64encode(range_hash(node, 0, int(size))).decode():
                found.append(note)
        return found

    @rule()
    def back_up(self) -> None:
        """Copy the database."""
        self.backup = ([list(one) for one in self.epochs], list(self.notes), list(self.keys))

    @precondition(lambda self: self.backup is not None and len(self.backup[0]) == self.epoch)
    @rule()
    def restore(self) -> None:
        """Put the copy back. Neither signer nor witness is restored."""
        epochs, notes, keys = self.backup
        self.epochs, self.notes, self.keys = [list(one) for one in epochs], list(notes), list(keys)

    @precondition(lambda self: len(self.entries) > 1)
    @rule(data=st.data())
    def rewrite(self, data) -> None:
        """Change an entry in SQL, as its owner could; put it right again if nobody signed it."""
        place = data.draw(st.integers(0, len(self.entries) - 1))
        kept = self.entries[place]
        self.entries[place] = a_leaf(10_000 + self.made, ten=str(TENANT)).to_bytes()
        covered = place < len(self.signed[-1]) and self.entries[:place] == self.signed[-1][:place]
        if covered and self.signed[-1][place] != self.entries[place]:
            try:
                self._ask(len(self.signed[-1]) if len(self.signed[-1]) <= len(self.entries) else 0)
            except SignerRefusedError:
                pass
            else:
                raise AssertionError("a rewritten log was signed")
        self.entries[place] = kept

    @precondition(lambda self: self.epoch < 4)
    @rule()
    def begin_anew(self) -> None:
        """A new epoch quotes what the signer remembers; from then on it is signed again."""
        begun = self.signer.begin(TENANT, self.epoch + 1)
        ended = "/".join(
            (
                str(self.epoch + 1),
                "restore",
                str(begun.before.size),
                str(len(self.entries)),
                encode_digest(range_hash(self.tree(), 0, len(self.entries))),
                b64encode(begun.before.note.encode()).decode(),
            )
        )
        assert begun.before.size == len(self.signed[-1])
        self.gone.append(self.entries[: len(self.signed[-1])] != self.signed[-1])
        self.made += 1
        self.epochs.append([a_leaf(self.made, ten=str(TENANT), epo=ended).to_bytes()])
        self.signed.append([])
        self.seen.append([])
        self.keys.append(begun.verifier_key)
        self.witness.watch(begun.verifier_key)
        self.backup = None
        self.notes.append(self._ask(0))
        self.signed[-1] = list(self.entries)

    @invariant()
    def what_is_covered_is_proven(self) -> None:
        """Cut after the newest checkpoint, the log proves, as long as it stands as it was signed."""
        whole = [one for epoch in self.epochs for one in epoch]
        if not self.notes:
            return
        name, size = self.notes[-1].split("\n")[:2]
        if name != origin_of(TENANT, self.epoch):
            return
        end = len(whole) - len(self.entries) + int(size)
        policy = Policy(tuple(self.keys), (self.witness.verifier_key,), quorum=0)
        report = verify_leaves(enumerate(whole[:end]), self.notes, policy, tenant=str(TENANT))
        assert report.intact, report
        assert report.epoch == self.epoch
        assert [count > 0 for _, count in report.lost] == self.gone


Log.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestLog = Log.TestCase
