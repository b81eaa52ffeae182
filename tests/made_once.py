"""What is made once for all tests of a process, though each test has a site and a database of its own.

A test begins with a new engine and a new application, and both begin with nothing: every statement
and every template was compiled again for each test, which was half of the processor time of
tests that go through pages. What is compiled depends on the text alone, so all may have the first one's.
"""

import gc
from typing import Any

import jinja2
import sqlalchemy
from flask import Flask
from sqlalchemy import Engine, event

import bti.db.engine

#: Objects made before Python looks for circles again; 700 by default, which is several times a page.
_BETWEEN_COLLECTIONS = (100_000, 20, 100)


class Templates(jinja2.BytecodeCache):
    """Compiled templates by name and source, in memory."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        compiled = self._compiled.get(f"{bucket.key}:{bucket.checksum}")
        if compiled is not None:
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._compiled[f"{bucket.key}:{bucket.checksum}"] = bucket.bytecode_to_string()


class Statements:
    """Lets engines speak through the first one's dialect, and share what it has compiled."""

    def __init__(self) -> None:
        self._first: dict[str, Engine] = {}

    def engine(self, url: Any, **options: Any) -> Engine:
        """Return an engine as `sqlalchemy.create_engine` would."""
        made = sqlalchemy.create_engine(url, **options)
        # After SQLAlchemy's own listener: a dialect learns from its first connection how to speak.
        event.listen(made, "connect", lambda *_: self._share(made), once=True)
        return made

    def _share(self, made: Engine) -> None:
        first = self._first.setdefault(made.dialect.name, made)
        # Compiled statements are found by their dialect, the object, and by their own shape.
        made.dialect = first.dialect
        made._compiled_cache = first._compiled_cache


def share() -> None:
    """Begin to share; to be called once in a process, before its first test."""
    Flask.jinja_options = {"bytecode_cache": Templates()}
    bti.db.engine.create_engine = Statements().engine
    gc.set_threshold(*_BETWEEN_COLLECTIONS)
