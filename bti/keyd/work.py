"""One transaction of the broker's own process, as the verbs of the wire find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uuid
    from collections import Counter
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bti.audit.actions import Action as Act
    from bti.audit.record import Recorder, Reference
    from bti.keyd.evidence import Evidence
    from bti.keyd.local import LocalVerbs
    from bti.keyd.quota import Meter


@dataclass(frozen=True, slots=True)
class Work:
    """One transaction of the broker."""

    session: Session
    verbs: LocalVerbs
    recorder: Recorder
    meter: Meter
    evidence: Evidence
    now: datetime
    operator: bool
    counts: Counter[str]

    def record(self, act: Act, *about: Reference, tenant: uuid.UUID | None = None) -> None:
        """Enter an act in the name of whoever asks."""
        owner = tenant if tenant is not None else self.verbs.subject().tenant_id
        self.recorder.record(act, tenant=owner, by=self.verbs.by(), about=about)
