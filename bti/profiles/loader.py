"""From TOML files to frozen profiles. A file may extend another and say only what differs.

A profile is a folder with its versions: ``moss/1.toml``. A version that has been released is never
changed: cases go on by the one they were begun under.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from bti.domain.legal import LegalBasis
from bti.profiles.builder import check_languages, profile_of
from bti.profiles.profile import LANGUAGES, Profile
from bti.profiles.reader import N_, Document, ProfileError, Table, give_way, merge, read
from bti.profiles.sources import check_said

SHIPPED: Final = Path(__file__).parent
_PACKAGE: Final = SHIPPED
_LEGAL: Final = "legal_bases.toml"
_ACTS: Final = "acts"
#: Short enough to be the name of a folder anywhere.
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}/[1-9][0-9]{0,3}", re.ASCII)


@cache
def available() -> tuple[str, ...]:
    """The names of the shipped profiles, sorted."""
    return tuple(sorted({path.parent.name for path in SHIPPED.glob("*/*.toml")}))


@cache
def load(key: str) -> Profile:
    """A shipped version by its key, as ``moss/1``; of a name alone, the newest version.

    Raises ``ProfileError`` naming file, key and expected value.
    """
    if "/" not in key:
        return versions(key)[-1]
    if not _KEY.fullmatch(key) or not (SHIPPED / f"{key}.toml").is_file():
        raise ProfileError(f"{key}.toml", "(file)", N_("a version that is shipped"), key)
    return load_file(SHIPPED / f"{key}.toml")


@cache
def versions(name: str) -> tuple[Profile, ...]:
    """Every version of a shipped profile, oldest first. Raises ``ProfileError``."""
    if name not in available():
        raise ProfileError(
            f"{name}.toml",
            "(file)",
            N_("one of %(allowed)s"),
            name,
            allowed=", ".join(available()),
        )
    return versions_in(SHIPPED / name)


def versions_in(folder: Path) -> tuple[Profile, ...]:
    """Every version in a folder, oldest first. Raises ``ProfileError``.

    Numbers count up without a gap, and each is in force from a later day than the one before.
    """
    paths = sorted(folder.glob("*.toml"), key=lambda path: (len(path.stem), path.stem))
    found: list[Profile] = []
    for number, path in enumerate(paths, start=1):
        profile = load_file(path, shipped=folder.parent)
        file = f"{folder.name}/{path.name}"
        if profile.name != folder.name:
            raise ProfileError(
                file, "name", N_("the name of its folder, %(name)s"), profile.name, name=folder.name
            )
        if path.stem != str(number) or profile.version != number:
            raise ProfileError(
                file, "version", N_("version %(number)s here"), profile.version, number=number
            )
        if found and profile.valid_from <= found[-1].valid_from:
            raise ProfileError(
                file,
                "valid_from",
                N_("a day after %(first)s, when version %(number)s begins"),
                profile.valid_from,
                first=found[-1].valid_from,
                number=number - 1,
            )
        found.append(profile)
    if not found:
        raise ProfileError(f"{folder.name}/1.toml", "(file)", N_("a TOML file"))
    return tuple(found)


def in_force(name: str, on: date) -> Profile:
    """The version of a shipped profile that is in force on a day.

    Before the first version begins, the first: no case is without a guide. Raises ``ProfileError``.
    """
    return version_on(versions(name), on)


def version_on(there: tuple[Profile, ...], on: date) -> Profile:
    """The one of a profile's versions, oldest first, that is in force on a day."""
    return next((one for one in reversed(there) if one.valid_from <= on), there[0])


def load_file(path: Path, *, shipped: Path = SHIPPED) -> Profile:
    """The profile in a file; what it extends is looked for in ``shipped``. Raises ``ProfileError``."""
    document, extends = _document(path, shipped)
    return profile_of(document, extends)


def shipped_document(key: str) -> Document:
    """What is in a shipped version, laid on what it extends: to be looked at, never changed.

    Raises ``ProfileError``.
    """
    return _base(key)


@cache
def _base(key: str) -> Document:
    """A shipped version to stand on, read once: the parser takes longer than all the rest."""
    return _document(_in(_PACKAGE, key), _PACKAGE)[0]


def _in(folder: Path, key: str) -> Path:
    return folder / f"{key}.toml"


def _check_after(over: Document, base: Document, key: str) -> None:
    """What a profile stands on must be there when it begins."""
    begins, base_begins = over.values.get("valid_from"), base.values.get("valid_from")
    if type(begins) is date and type(base_begins) is date and begins < base_begins:
        over.complain(
            ProfileError(
                over.file,
                "valid_from",
                N_("a day that is not before %(first)s, when %(base)s begins"),
                begins,
                first=base_begins,
                base=key,
            )
        )


def _document(path: Path, shipped: Path, seen: tuple[str, ...] = ()) -> tuple[Document, str | None]:
    """The file laid on what it extends, and the key of that."""
    return laid(read(path), f"{path.parent.name}/{path.stem}", shipped, seen)


def laid(
    document: Document, here: str, shipped: Path, seen: tuple[str, ...] = ()
) -> tuple[Document, str | None]:
    """A document laid on what it extends, and the key of that. Raises ``ProfileError``."""
    key = document.values.get("extends")
    if key is None:
        return document, None
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ProfileError(
            document.file, "extends", N_("a version of another profile, such as standard/1"), key
        )
    if key in (*seen, here):
        way = " → ".join((*seen, here, key))
        raise ProfileError(
            document.file, "extends", N_("a profile that does not lead back to this one"), way
        )
    check_languages(document)
    check_said(document)
    base = (
        _base(key)
        if shipped == _PACKAGE
        else _document(_in(shipped, key), shipped, (*seen, here))[0]
    )
    _check_after(document, base, key)
    values = {name: value for name, value in document.values.items() if name != "extends"}
    over = Document(document.file, values, document.origins, faults=document.faults)
    merged = merge(give_way(base, over), over)
    merged.values.pop("extends", None)
    return merged, key


@cache
def legal_bases() -> tuple[LegalBasis, ...]:
    """Every version of every legal reference, for ``bti.domain.legal.basis_on``."""
    return legal_bases_from(SHIPPED / _LEGAL)


def legal_bases_from(path: Path) -> tuple[LegalBasis, ...]:
    """The legal references of a file, one table per code. Raises ``ProfileError``.

    The table ``acts`` holds the dates of acts that change many references at once.
    """
    document = read(path)
    top = Table(document, document.values)
    acts = _acts(top.table(_ACTS)) if _ACTS in top.keys() else {}  # noqa: SIM118 - a Table is not a mapping
    bases = tuple(
        basis
        for code in top.keys()  # noqa: SIM118 - a Table is not a mapping
        if code != _ACTS
        for basis in _bases(code, top.table(code), acts)
    )
    top.done()
    document.settle()
    return bases


def _acts(table: Table) -> dict[str, date | None]:
    """The day each act is in force from; None where it has none yet (``in_force`` left out)."""
    found = {}
    for act in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(act)
        one.text("source")
        found[act] = one.day_or_none("in_force")
        one.done()
    table.done()
    return found


def _day(one: Table, key: str, act_key: str, acts: Mapping[str, date | None]) -> date | None:
    """The day written here, or that of the act that is named instead."""
    if act_key not in one.keys():  # noqa: SIM118 - a Table is not a mapping
        return one.day(key) if key == "valid_from" else one.day_or_none(key)
    act = one.text(act_key)
    if act not in acts:
        one.complain(act_key, N_("one of %(allowed)s"), act, allowed=", ".join(acts))
    return acts.get(act)


def _bases(code: str, table: Table, acts: Mapping[str, date | None]) -> tuple[LegalBasis, ...]:
    """Each code holds versions keyed by a name, so that a new act is one more table."""
    found = []
    for version in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(version)
        found.append(
            LegalBasis(
                code=code,
                valid_from=_day(one, "valid_from", "from_act", acts),
                valid_to=_day(one, "valid_to", "until_act", acts),
                reference=_reference(one),
                source=one.text("source"),
                label={language: one.text(language) for language in LANGUAGES},
            )
        )
        one.done()
    table.done()
    return tuple(found)


def _reference(one: Table) -> dict[str, str]:
    """The same in every language, unless the law is called something else in nynorsk."""
    reference = one.text("reference")
    nynorsk = one.text("reference_nn") if "reference_nn" in one.keys() else reference  # noqa: SIM118 - a Table is not a mapping
    return {language: nynorsk if language == "nn" else reference for language in LANGUAGES}
