"""What the network side needs to run, opened once per process. Migrating is left to `migrate`."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from bti.clock import Clock
from bti.identity.password import Passwords
from bti.settings import Settings
from bti.slt.secret_box import SecretBox
from bti.slt.store import make_engine, make_sessions


@dataclass(frozen=True, slots=True)
class SltRuntime:
    """Handed to `perform` and to the functions that call it. Holds no way to a case."""

    engine: Engine = field(repr=False)
    sessions: sessionmaker[Session] = field(repr=False)
    clock: Clock
    box: SecretBox = field(repr=False)
    passwords: Passwords = field(repr=False)
    idle: timedelta
    absolute: timedelta
    demo: bool

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def open_runtime(
    settings: Settings, clock: Clock, *, passwords: Passwords | None = None
) -> SltRuntime:
    """The runtime for these settings; makes the network key file at first start.

    Tests hand in cheaper `passwords`. Raises KeyFileError if the key file cannot be used.
    """
    engine = make_engine(settings.slt_database_url)
    return SltRuntime(
        engine=engine,
        sessions=make_sessions(engine),
        clock=clock,
        box=SecretBox.from_file(settings.var_dir / "keys" / "network.key"),
        passwords=passwords or Passwords(),
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(minutes=settings.session_absolute_minutes),
        demo=settings.mode == "demo",
    )
