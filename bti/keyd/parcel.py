"""What the broker's process gives away: data keys of cases, and of tenant keys no more than columns."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from bti.crypto.envelope import DataKey
from bti.crypto.field_keys import Column, FieldKeys, field_keys_of
from bti.crypto.provider import TenantPurpose
from bti.db.inventory import SEALED
from bti.db.vault import Vault
from bti.keyd.wire import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bti.crypto.envelope import SealingKey

#: Never leaves the broker: whoever could read it could make every one-time code.
WITHHELD: Final = frozenset({("accounts", "totp_ct")})
#: Released to some sessions alone: names of those who asked, and words, to the data protection officer's; the
#: secret that a person is about to take into use, to sessions in which one is to be.
RESERVED: Final = frozenset(
    {("desk_matters", "body_ct"), ("desk_steps", "body_ct"), ("accounts", "totp_next_ct")}
)

#: Released to commands and jobs of the program alone: who was counted, and the keys that round and sign releases.
COUNTED: Final = frozenset({("release_records", "body_ct")})
#: Goes with no released key: read by who sends reminders, asked for by a verb of its own.
ADDRESS: Final[Column] = ("mail_choices", "address_ct")


@cache
def columns_of(
    purpose: TenantPurpose, *, reserved: bool = False, program: bool = False
) -> tuple[Column, ...]:
    """Return the columns sealed under a tenant key that other processes may read and write.

    ``reserved`` adds those of the key that are for some sessions alone, ``program`` those that are for none.
    """
    kept = {*WITHHELD, ADDRESS}
    kept |= frozenset() if reserved else RESERVED
    kept |= frozenset() if program else COUNTED
    named = (name.split(".", 1) for name, scope in SEALED.items() if scope == purpose.value)
    return tuple((table, column) for table, column in named if (table, column) not in kept)


class Parcel(Vault):
    """A vault that also keeps, in the form of the wire, what was put into it."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._cases_out: list[dict[str, Any]] = []
        self._tenants_out: list[dict[str, Any]] = []
        self._columns_out: list[dict[str, Any]] = []

    def put_case(self, case: UUID, compartment: str, key: DataKey, *, active: bool = True) -> None:
        """Add a released compartment key."""
        super().put_case(case, compartment, key, active=active)
        self._cases_out.append(
            {
                "case": case.hex,
                "compartment": compartment,
                "id": pack(key.key_id),
                "key": pack(key.secret_for_wrapping()),
                "active": active,
            }
        )

    def put_tenant(
        self,
        purpose: TenantPurpose,
        key: SealingKey,
        *,
        active: bool = True,
        reserved: bool = False,
        program: bool = False,
    ) -> None:
        """Add the sub-keys of a released tenant key."""
        super().put_tenant(purpose, key, active=active)
        if isinstance(key, DataKey):
            derived = field_keys_of(key, columns_of(purpose, reserved=reserved, program=program))
            self._tenants_out.append(
                {
                    "purpose": purpose.value,
                    "id": pack(key.key_id),
                    "columns": _named(derived),
                    "active": active,
                }
            )

    def put_some(self, key: DataKey, columns: list[Column]) -> None:
        """Add the sub-keys of a compartment key for these columns."""
        super().put_some(key, columns)
        derived = field_keys_of(key, columns)
        self._columns_out.append({"id": pack(key.key_id), "columns": _named(derived)})

    def packed(self) -> dict[str, Any]:
        """Return what was released, for the answer."""
        return {
            "cases": self._cases_out,
            "tenants": self._tenants_out,
            "columns": self._columns_out,
        }


def receive(vault: Vault, keys: dict[str, Any]) -> None:
    """Put what an answer brought into the vault of the transaction that asked."""
    for one in keys["cases"]:
        key = DataKey(unpack(one["id"]), unpack(one["key"]))
        vault.put_case(UUID(hex=one["case"]), one["compartment"], key, active=one["active"])
    for one in keys["tenants"]:
        vault.put_tenant(TenantPurpose(one["purpose"]), _received(one), active=one["active"])
    for one in keys["columns"]:
        vault.put_columns(_received(one))


def _named(derived: Mapping[Column, bytes]) -> dict[str, str | None]:
    return {".".join(name): pack(key) for name, key in derived.items()}


def _received(one: Mapping[str, Any]) -> FieldKeys:
    named = {tuple(name.split(".", 1)): unpack(key) for name, key in one["columns"].items()}
    return FieldKeys(unpack(one["id"]), {(name[0], name[1]): key for name, key in named.items()})
