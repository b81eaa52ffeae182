"""Which process may do what with which table on PostgreSQL: one table, and the SQL made from it.

Each process has a database role of its own with no more than it needs. A test compares the table
with the models (no table without a row), and another one with what a real server says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect

from bti.db.ddl import carry_out, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

OWNER: Final = "stafett_owner"
"""Owns the tables and runs migrations. Nobody signs in as this role: one is let into it."""


class Process(StrEnum):
    """A process and its database role. The network side is none of them: it has no rights here."""

    WEB = "stafett_web"
    KEYD = "stafett_keyd"
    LOGD = "stafett_logd"
    WORK = "stafett_work"
    AUDIT = "stafett_audit"


class Deployment(StrEnum):
    """How the processes are spread out."""

    #: Web, key broker, log and work under one user, which then needs the rights of all four.
    ONE_PROCESS = "one-process"
    #: Every process by itself: the web process cannot even read a wrapped key.
    APART = "apart"


class Verb(StrEnum):
    """What may be done with a table."""

    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on a table; with ``columns``, on these alone."""

    verb: Verb
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the form GRANT takes."""
        named = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.verb.value.upper()}{named}"


_W, _K, _L, _J, _A = Process.WEB, Process.KEYD, Process.LOGD, Process.WORK, Process.AUDIT

_READ: Final = "select"
_ADD: Final = "select insert"  # never changed once written
_KEEP: Final = "select insert update"  # changed, never removed
_ALL: Final = "select insert update delete"

RIGHTS: Final[Mapping[str, Mapping[Process, str]]] = MappingProxyType(
    {
        "alembic_version": {_W: _READ, _K: _READ, _L: _READ, _J: _READ, _A: _READ},
        # -- the installation and its people
        "municipalities": {_W: _ADD, _K: _ADD, _L: _READ, _J: _READ, _A: _READ},
        # Changed by a command on two people's word, and where the directory key is changed. Pages that
        # are a process of their own do neither.
        "local_rules": {_W: _ADD, _K: "select update"},
        # Their own versions of it, and the texts: added on two people's word and never changed. Everybody who
        # counts days goes by them. A draft is the pages' own.
        "own_rules": {_W: _ADD, _K: "select update", _J: _READ},
        "rules_texts": {_W: _ADD, _J: _READ},
        "rules_drafts": {_W: _KEEP, _K: "select(tenant_id version)"},
        "units": {_W: _ADD},
        "accounts": {
            _W: _KEEP,
            _K: _READ,
            _J: "select(id tenant_id active suspended_at language)",
        },
        "role_grants": {
            _W: _KEEP,
            _K: _READ,
            _J: "select(tenant_id account_id unit_id role valid_from valid_to)",
        },
        # The web adds a token and never reads one: the key broker alone compares. Written anew where the
        # directory key is changed, as local_rules.
        "account_persons": {
            _W: "select(id tenant_id account_id noted_at) insert",
            _K: "select update",
        },
        "web_sessions": {_W: _KEEP, _K: _READ},
        # Used up by the key broker alone: it grants nobody else a row that says «used».
        "approvals": {_W: _KEEP, _K: "select update"},
        "departures": {_W: _KEEP, _K: _READ},
        "absence_periods": {_W: _KEEP, _K: "select(tenant_id version)", _J: _READ},
        # About nobody who is named; deleted by the author, or by the work when its day has come.
        "consultation_questions": {
            _W: _ALL,
            _K: "select(tenant_id version)",
            _J: "select delete",
        },
        "consultation_seats": {_W: _ALL, _K: "select(tenant_id version)", _J: _READ},
        # Professional systems and who has let them act; the key broker looks for itself.
        "api_clients": {_W: _KEEP, _K: _READ},
        "api_agreements": {_W: _KEEP, _K: _READ},
        # Reminders: who is told is found out by the work, and the address read by nobody else.
        "mail_choices": {_W: _KEEP, _K: _READ, _J: _READ},
        "outbox": {_W: _READ, _J: _ALL},
        "throttles": {_W: _ALL},
        # Whoever does a job of the program takes it from here; each does its own.
        "work_jobs": {_W: _KEEP, _K: _KEEP, _J: _KEEP},
        # -- what somebody else must look at afterwards
        "emergency_accesses": {_W: _KEEP, _K: _READ},
        "suspensions": {_W: _KEEP, _K: _READ},
        "controls": {_W: _KEEP, _K: _READ, _J: _ADD},
        "control_findings": {_W: _KEEP, _K: _READ, _J: "select(id tenant_id control_id) insert"},
        # What the officer has written down is added to, never changed.
        "desk_matters": {_W: _ADD, _K: "select(tenant_id version)"},
        "desk_steps": {_W: _ADD, _K: "select(tenant_id version)"},
        "bait_marks": {_W: _ADD, _K: _READ, _J: _READ},
        # -- cases: who stands how to them
        "cases": {_W: _KEEP, _K: _READ, _J: "select(id tenant_id unit_id number version ops_ct)"},
        "logs": {
            _W: _KEEP,
            _K: _READ,
            _J: "select(tenant_id case_id holder_id holder_unit_id)",
        },
        "baton_offers": {
            _W: _KEEP,
            _K: _READ,
            _J: "select(id tenant_id case_id to_id open_slot version meta_ct)",
        },
        "participants": {
            _W: _KEEP,
            _K: _READ,
            _J: (
                "select(tenant_id case_id account_id unit_id relation valid_from valid_to"
                " revoked_at)"
            ),
        },
        "consent_cells": {
            _W: _KEEP,
            _K: _READ,
            _J: "select(tenant_id case_id to_unit_id basis valid_to withdrawn_at)",
        },
        # -- what is written in them; versions tell the key broker how much each key has sealed
        # The monthly control compares people where the keys are; see bti/keyd/kinship.py.
        "persons": {_W: _KEEP, _K: _READ},
        "child_index": {
            _W: _ADD,
            _K: "select(tenant_id case_id kind token)",
            _J: "select(tenant_id case_id kind token)",
        },
        "entries": {_W: _ADD, _K: "select(tenant_id case_id version)"},
        # A cell rests on a consent of the same case: the key broker looks what was asked and said.
        "consents": {_W: _ADD, _K: "select(id tenant_id case_id version meta_ct)"},
        # Kept, for the mark that a file was taken away.
        "attachments": {_W: _KEEP, _K: "select(tenant_id case_id version)"},
        "consent_answers": {
            _W: _ADD,
            _K: "select(id tenant_id case_id consent_id person_id version meta_ct)",
        },
        # The key broker asks whose it is and destroys its key; the text is the author's.
        "own_records": {_W: _ALL, _K: _READ},
        # What releases were counted from: for commands, which go by the rights of the web. No page reads it
        # but for the comparison with the log.
        "release_records": {_W: _ADD, _K: "select(tenant_id version)"},
        # -- the key store
        "tenant_keys": {_K: _KEEP},
        # A code is right once: remembered where whoever shows it cannot write.
        "broker_codes": {_K: _ALL},
        "broker_marks": {_K: _ALL},
        "broker_counts": {_K: _ALL},
        "broker_notes": {_K: _ALL},
        # Emergency access that was given counts, whatever becomes of its row.
        "broker_uses": {_K: _ALL},
        # Files lie with the web, which sweeps them: it may see that there is a key, never the key.
        "case_keys": {_K: _ALL, _W: "select(tenant_id case_id compartment)"},
        # -- the access log: nobody changes or removes an entry
        "audit_events": {_W: _ADD, _K: _ADD, _L: _ADD, _J: _ADD, _A: _READ},
        "audit_subjects": {_W: _ADD, _K: _ADD, _L: _ADD, _J: _ADD, _A: _READ},
        "audit_heads": {_W: _KEEP, _K: _KEEP, _L: _KEEP, _J: _KEEP, _A: _READ},
        "audit_checkpoints": {_W: _ADD, _K: _ADD, _L: _ADD, _J: _ADD, _A: _READ},
        "audit_epochs": {_W: _ADD, _K: _ADD, _L: _ADD, _J: _ADD, _A: _READ},
        # An entry is added beside its act, and shown as any other; only the sequencer takes it away.
        "audit_pending": {
            _W: _ADD,
            _K: "select(id) insert",
            _L: "select delete",
            _J: "select(id tenant_id at act) insert",
            _A: _READ,
        },
        "audit_writers": {_W: _KEEP, _K: _KEEP, _L: _READ, _J: _KEEP, _A: _READ},
        "audit_tiles": {_W: _READ, _L: _KEEP, _A: _READ},
        "audit_cosignatures": {_W: _READ, _L: _ADD, _A: _READ},
    }
)
"""Table → process → what it may do. A table or a process that is not here has no rights."""

_RIGHT: Final = re.compile(r"(select|insert|update|delete)(?:\(([a-z0-9_ ]+)\))?(?: |$)")


def rights_of(process: Process, table: str, deployment: Deployment) -> tuple[Right, ...]:
    """Return what a process may do with a table, widest first per verb.

    In one process the web has the rights of the key broker, of the log's writer and of the work too.
    """
    together = (Process.WEB, Process.KEYD, Process.LOGD, Process.WORK)
    alone = deployment is Deployment.APART or process is not Process.WEB
    found: dict[Verb, set[str] | None] = {}
    for one in (process,) if alone else together:
        for right in parse(RIGHTS[table].get(one, "")):
            columns = set(right.columns) or None
            before = found.get(right.verb, set())
            found[right.verb] = None if columns is None or before is None else before | columns
    return tuple(Right(verb, tuple(sorted(found[verb] or ()))) for verb in Verb if verb in found)


def parse(written: str) -> tuple[Right, ...]:
    """Read ``select(id tenant_id) insert``. Raises ``ValueError`` for anything else."""
    rights, at = [], 0
    while at < len(written):
        found = _RIGHT.match(written, at)
        if found is None:
            raise ValueError(f"not a right: {written[at:]}")
        rights.append(Right(Verb(found[1]), tuple((found[2] or "").split())))
        at = found.end()
    return tuple(rights)


def grants(deployment: Deployment) -> Iterator[str]:
    """Yield the SQL that gives every process its rights and takes every other one away.

    To be run by whoever owns the tables; may be run any number of times.
    """
    everybody = ", ".join(("PUBLIC", *Process))
    for table in RIGHTS:
        # Rights to columns go with it: PostgreSQL revokes them together with the table's.
        yield f"REVOKE ALL ON TABLE {table} FROM {everybody}"
        for process in Process:
            rights = rights_of(process, table, deployment)
            if rights:
                yield f"GRANT {', '.join(map(str, rights))} ON TABLE {table} TO {process}"
    yield _NO_FUNCTIONS


def give(connection: Connection, deployment: Deployment) -> None:
    """Give every process its rights. The connection must act as the owner of the tables."""
    carry_out(connection, grants(deployment))


def tables_are_there(connection: Connection) -> bool:
    """Tell whether the database has been brought to the revision this table of rights is for."""
    held = set(inspect(connection).get_table_names())
    return set(RIGHTS) <= held


def roles(database: str) -> Iterator[str]:
    """Yield the SQL that makes the roles and hands the tables over, for an administrator.

    No password is among it: roles sign in by the name of the operating system's user (peer), or
    get a password with psql's password command, which sends it hashed. May be run any number of times.
    """
    for name in (OWNER, *Process):
        yield (f"DO $$ BEGIN CREATE ROLE {name}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        login = "NOLOGIN" if name == OWNER else "LOGIN"
        yield (
            f"ALTER ROLE {name} {login} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
            " NOBYPASSRLS NOINHERIT"
        )
    yield f"REVOKE {OWNER} FROM {', '.join(Process)}"
    yield from entrance(database)
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {', '.join(Process)}"
    yield f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}"
    # What a later migration makes is nobody's until it has a row in the table above.
    yield f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} REVOKE ALL ON FUNCTIONS FROM PUBLIC"
    yield _HAND_OVER


def entrance(database: str) -> Iterator[str]:
    """Yield the SQL that lets our roles into the database, and nobody else."""
    yield f"REVOKE ALL ON DATABASE {quoted(database)} FROM PUBLIC"
    # The owner does not sign in, but whoever migrates is let in as a member of it.
    yield f"GRANT CONNECT ON DATABASE {quoted(database)} TO {', '.join((OWNER, *Process))}"


#: The functions of our triggers. What else lies in the schema, an extension's say, is not touched.
FUNCTIONS: Final = ("append_only", "authority_goes_forward")


def _names(of: Iterable[str]) -> str:
    return ", ".join(f"'{one}'" for one in of)


_OUR_FUNCTIONS: Final = (
    "SELECT p.oid::regprocedure AS name FROM pg_proc p"  # noqa: S608 - names from this module alone
    f" WHERE p.pronamespace = 'public'::regnamespace AND p.proname IN ({_names(FUNCTIONS)})"
)
_NO_FUNCTIONS: Final = f"""DO $$ DECLARE one record; BEGIN
  FOR one IN {_OUR_FUNCTIONS}
  LOOP EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', one.name); END LOOP;
END $$"""
_HAND_OVER: Final = f"""DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND c.relname IN ({_names(RIGHTS)}) AND c.relowner <> '{OWNER}'::regrole
  LOOP EXECUTE format('ALTER TABLE %s OWNER TO {OWNER}', one.name); END LOOP;
  FOR one IN {_OUR_FUNCTIONS} AND p.proowner <> '{OWNER}'::regrole
  LOOP EXECUTE format('ALTER FUNCTION %s OWNER TO {OWNER}', one.name); END LOOP;
END $$"""  # noqa: S608 - names from this module alone
