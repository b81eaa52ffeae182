"""Professional systems that act for a person: what each scope allows, and for how long.

A client is one system of one municipality, such as a school's journal. It never acts by itself: a named
colleague has agreed that it may act for them, and it can do no more than they can, and of that only
what its scopes name. The key broker asks here, as it does for people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from bti.domain.ages import day_in_norway
from bti.domain.codes import ClientScope
from bti.domain.compartments import CORE, service_compartments
from bti.domain.errors import RuleBroken
from bti.domain.policy import Action
from bti.domain.relations import Subject

LONGEST_CLIENT: Final = timedelta(days=731)
"""From the day a key is made until it must be made anew."""

LONGEST_AGREEMENT: Final = timedelta(days=366)
"""From a yes until the person must be asked again; never longer than the client itself lives."""

ACTS: Final[Mapping[ClientScope, frozenset[Action]]] = MappingProxyType(
    {
        # A national id is kept as a token, and making one is what a search does.
        ClientScope.CONCERN_OPEN: frozenset({Action.LOG_CONCERN, Action.SEARCH_CHILD}),
        ClientScope.WORKLIST_READ: frozenset({Action.SEE_WORKLIST}),
        ClientScope.REFERENCE_POST: frozenset({Action.WRITE_NOTE}),
    }
)
"""What each scope allows. Nothing here asks for a fresh proof: a system has none to give."""


def acts_of(scopes: Collection[ClientScope]) -> frozenset[Action]:
    """Return every act that one of the scopes allows."""
    return frozenset().union(*(ACTS[one] for one in scopes))


def compartments_of(subject: Subject) -> frozenset[str]:
    """Return the compartments that a client may come near in a case that is there.

    Names for a list, and its own unit's for writing in. A case that it begins is made with its keys.
    """
    unit, found = subject.unit_id, frozenset[str]()
    if ClientScope.WORKLIST_READ in subject.scopes:
        found |= {CORE}
    if ClientScope.REFERENCE_POST in subject.scopes:
        found |= service_compartments(unit)
    return found


def check_client(name: str, scopes: Collection[ClientScope], ends_on: date, *, today: date) -> None:
    """Raise ``RuleBroken`` (client.*) for a client that cannot be asked for."""
    if not name.strip():
        raise RuleBroken("client.no_name")
    if not scopes:
        raise RuleBroken("client.no_scope")
    if not today < ends_on <= today + LONGEST_CLIENT:
        raise RuleBroken("client.ends_on", latest=today + LONGEST_CLIENT)


def agreement_ends(client_ends: datetime, at: datetime) -> datetime:
    """Return until when a yes given now is good."""
    return min(client_ends, at + LONGEST_AGREEMENT)


def last_day(ends_at: datetime) -> date:
    """Return the last whole day in Norway on which a client with this end can be used."""
    return day_in_norway(ends_at - timedelta(microseconds=1))


def spelt(scopes: Collection[ClientScope]) -> str:
    """Return the one spelling of scopes in a row: sorted, with a space between."""
    return " ".join(sorted(one.value for one in scopes))


def read(text: str) -> frozenset[ClientScope]:
    """Return the scopes that a row spells. Raises ``ValueError`` for anything else."""
    return frozenset(ClientScope(one) for one in text.split(" "))
