"""The kinds of rule an address can have, and what the gate reads of whoever asks."""

from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Network:
    """The SLT coordinator, signed in on the network side. Nobody from the case side."""


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
