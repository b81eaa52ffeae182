"""Which process on this machine may use which verb: by the user id the kernel vouches for."""

from __future__ import annotations

import pwd
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Side(StrEnum):
    """What a process is to the broker."""

    WEB = "web"
    WORK = "work"
    LOG = "log"
    ADMIN = "admin"


_FOR_ALL: Final = frozenset({"sign", "verifier_key"})
ALLOWED: Final[Mapping[Side, frozenset[str]]] = MappingProxyType(
    {
        Side.WEB: _FOR_ALL
        | {
            "subject",
            "open",
            "may_see",
            "new_case",
            "new_compartments",
            "open_core",
            "new_own",
            "open_own",
            "list_own",
            "forget_own",
            "open_directory",
            "check",
            "grant",
            "prove_code",
            "prove_own_code",
            "spend_proof",
            "use_approval",
            "username_token",
            "national_id_token",
            "settle",
            "new_review",
            "open_review",
            "watch",
        },
        Side.WORK: _FOR_ALL
        | {"open_ops", "open_addresses", "check", "baits_among", "kin", "new_review", "grant"},
        Side.LOG: _FOR_ALL,
        Side.ADMIN: _FOR_ALL
        | {
            "create_tenant",
            "open_directory",
            "open_ops",
            "check",
            "grant",
            "use_approval",
            "username_token",
            "settle",
            "new_review",
            "baits_among",
            "bait_tokens",
            "kin",
            "status",
            "unseal",
            "unsealing",
        },
    }
)
"""The verbs of each side. What is not here is closed."""

WORKED: Final = frozenset({"controls", "control_findings"})
"""The tables whose new rows the work side may have granted: what the monthly control writes."""

#: Sides where a name is enough to act as the system: no browser can reach them.
SYSTEM_SIDES: Final = frozenset({Side.ADMIN, Side.WORK})


class NoSuchUserError(Exception):
    """A user named in the settings is not known on this machine."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end. ``label`` is what its requests are counted under."""

    uid: int
    pid: int
    side: Side

    @property
    def label(self) -> str:
        """Return the name of the counter: the user, since a process can be started again."""
        return f"{self.side.value}:{self.uid}"


@dataclass(frozen=True, slots=True)
class AllowList:
    """User ids per side. One user is one side."""

    sides: Mapping[int, Side]

    @classmethod
    def of(cls, users: Mapping[Side, str]) -> AllowList:
        """Return the list from comma-separated user names or ids.

        Raises ``NoSuchUserError``, also when one user stands on two sides: then the split between
        processes would be a split in name only.
        """
        found: dict[int, Side] = {}
        for side, names in users.items():
            for name in (part.strip() for part in names.split(",") if part.strip()):
                uid = _uid(name)
                if found.get(uid, side) is not side:
                    raise NoSuchUserError(f"{name} stands on two sides of the key broker")
                found[uid] = side
        return cls(MappingProxyType(found))

    def peer(self, connection: socket.socket) -> Peer | None:
        """Return who has connected, as the kernel says, or None for somebody who is not listed."""
        size = struct.calcsize("3i")
        pid, uid, _gid = struct.unpack(
            "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        )
        side = self.sides.get(uid)
        return None if side is None else Peer(uid, pid, side)


def _uid(name: str) -> int:
    if name.isascii() and name.isdigit():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise NoSuchUserError(f"there is no user called {name}") from None
