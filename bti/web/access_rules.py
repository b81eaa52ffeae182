"""The kinds of rule an address can have, and what the gate reads of whoever asks."""

from dataclasses import dataclass
from typing import Final, Protocol

from bti.domain.codes import ClientScope


class SignedInPerson(Protocol):
    """What the web layer reads of `flask.g.actor`; the case side and the network side each have one."""

    @property
    def name(self) -> str:
        """Full name."""

    @property
    def role(self) -> str:
        """One of the role codes of `bti.domain`."""

    @property
    def unit_name(self) -> str:
        """The service the person acts for; empty for guardians."""

    @property
    def municipality(self) -> str:
        """Name of the municipality."""

    @property
    def language(self) -> str:
        """Code of the language the person wants: nb, nn or en."""


@dataclass(frozen=True, slots=True)
class Public:
    """Anyone, also signed out."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Anyone signed in on the case side."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Someone signed in on the case side with one of these roles."""

    roles: frozenset[str]


NETWORK_ROLE: Final = "slt_coordinator"
MEMBER_ROLE: Final = "slt_body_member"
COUNCIL_ROLE: Final = "slt_council_reader"
NETWORK_ROLES: Final = frozenset({NETWORK_ROLE, MEMBER_ROLE, COUNCIL_ROLE})
"""The roles of the network side, as `bti.slt.role` has them: the case side may not load that."""


@dataclass(frozen=True, slots=True)
class Network:
    """Someone signed in on the network side with one of these roles. Nobody from the case side."""

    roles: frozenset[str] = frozenset({NETWORK_ROLE})


@dataclass(frozen=True, slots=True)
class Client:
    """A professional system with this scope, for a person who lets it. No session of a browser."""

    scope: ClientScope


Access = Public | SignedIn | Roles | Network | Client


@dataclass(frozen=True, slots=True)
class RouteRule:
    """The rule for one endpoint.

    `action` is the domain's code for what is done there, None for pages about nobody.
    `draft` marks addresses that draft.js posts to: they answer in JSON, also when refusing.
    """

    access: Access
    action: str | None = None
    draft: bool = False
