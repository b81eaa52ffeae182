"""Who is signed in on the network side, for every page there."""

from dataclasses import dataclass
from typing import Final

from flask import abort, current_app, g
from flask_babel import gettext

from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator

EXTENSION: Final = "bti.slt"


@dataclass(frozen=True, slots=True)
class NetworkPerson:
    """`g.actor` on the network side."""

    coordinator: Coordinator

    @property
    def name(self) -> str:
        """Full name."""
        return self.coordinator.name

    @property
    def role(self) -> str:
        """One of the roles of the network side."""
        return str(self.coordinator.role)

    @property
    def unit_name(self) -> str:
        """What stands under the name at the top of the page."""
        words = {
            NetworkRole.COORDINATOR: gettext("SLT coordinator"),
            NetworkRole.MEMBER: gettext("Member of a body"),
            NetworkRole.COUNCIL_READER: gettext("Reader for the politiråd"),
        }
        return str(words[self.coordinator.role])

    @property
    def municipality(self) -> str:
        """The municipality's name."""
        return self.coordinator.municipality_name

    @property
    def language(self) -> str:
        """The account's language."""
        return self.coordinator.language


def signed_in() -> NetworkPerson:
    """Whoever this request is by."""
    # The gate has let nobody else through; this is the second lock on the same door.
    if not isinstance(g.actor, NetworkPerson):
        abort(404)
    return g.actor


def runtime() -> SltRuntime:
    """What the network side runs on."""
    found: SltRuntime = current_app.extensions[EXTENSION]
    return found
