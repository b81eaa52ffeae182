"""A municipality's own versions: made on a page, read by the same reader as the files, kept as the text of a file.

A version is called ``own/3``. It extends a shipped one, by its exact key, and says what differs. The text
is a whole file: what is kept can be taken out and checked with `bti profile check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bti.profiles.builder import profile_of
from bti.profiles.loader import SHIPPED, laid
from bti.profiles.profile import LANGUAGES, Profile
from bti.profiles.reader import N_, Document, ProfileError, parse
from bti.profiles.sources import OF_ITSELF, nearest_row

OWN: Final = "own"
LONGEST: Final = 200_000
"""Signs of a text. The standard itself is about 30,000."""


def key_of(number: int) -> str:
    """Return how a case names the version."""
    return f"{OWN}/{number}"


def number_of(key: str) -> int | None:
    """Return the number of an own version, None for the key of one that is shipped."""
    name, _, number = key.partition("/")
    return int(number) if name == OWN and number.isdecimal() and number.isascii() else None


@lru_cache(maxsize=64)
def own_version(content: str) -> Profile:
    """Return the version a text makes. Raises ``ProfileError`` with everything that is wrong."""
    document, extends = own_document(content)
    return profile_of(document, extends)


def own_document(content: str) -> tuple[Document, str]:
    """Return an own text laid on what it extends, and the key of that. Raises ``ProfileError``.

    What is wrong in the values is in ``faults`` of the document.
    """
    if len(content) > LONGEST:
        raise ProfileError(OWN, "(file)", N_("at most %(most)s signs"), len(content), most=LONGEST)
    document = parse(content.encode(), f"{OWN}.toml")
    if document.values.get("name") != OWN:
        found = document.values.get("name")
        document.complain(
            ProfileError(document.file, "name", N_("the name %(name)s"), found, name=OWN)
        )
    if not isinstance(document.values.get("extends"), str):
        document.complain(
            ProfileError(
                document.file,
                "extends",
                N_("a version of another profile, such as standard/1"),
                document.values.get("extends"),
            )
        )
        document.settle()
    key = str(document.values["extends"])
    return laid(document, OWN, SHIPPED)[0], key


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose word a value is: ``title`` and ``place`` of the source, empty for the standard's."""

    title: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is another: None where there is none. Texts are one line for each language."""

    path: tuple[str, ...]
    old: object
    new: object
    old_whose: Whose
    new_whose: Whose


def differences(old: Document, new: Document) -> tuple[Difference, ...]:
    """Return every value that differs, in the order of the new one, then what is gone."""
    before, after = dict(_leaves(old.values)), dict(_leaves(new.values))
    return tuple(
        Difference(
            path,
            before.get(path),
            after.get(path),
            whose(old.values, path) if path in before else Whose(),
            whose(new.values, path) if path in after else Whose(),
        )
        for path in dict.fromkeys((*after, *before))
        if before.get(path) != after.get(path)
    )


def whose(values: Mapping[str, object], path: Iterable[str]) -> Whose:
    """Return whose word stands at a path of what was laid together."""
    facts, sources = values.get("facts"), values.get("sources")
    row = nearest_row(facts, ".".join(path)) if isinstance(facts, dict) else None
    if not isinstance(row, dict) or not isinstance(sources, dict):
        return Whose()
    source = sources.get(row.get("source"))
    title = source.get("title") if isinstance(source, dict) else ""
    return Whose(str(title), str(row.get("place", "")))


def said_in(values: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield what a file says itself, piece by piece: a text in all its languages is one piece."""
    for path, value in _pieces(values, ()):
        if path[0] not in OF_ITSELF:
            yield path, value


def _pieces(
    values: Mapping[str, object], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in values.items():
        if isinstance(value, dict) and value and not set(LANGUAGES) & value.keys():
            yield from _pieces(value, (*above, key))
        else:
            yield (*above, key), value


def _leaves(values: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
    for path, value in said_in(values):
        if isinstance(value, dict) and value:
            for language, text in value.items():
                yield (*path, language), text
        else:
            yield path, value
