"""Who lives and works in the demonstration. Nobody here exists, and no number can be anybody's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.db.models import Account
from bti.domain.codes import Role, Sector
from bti.domain.national_id import made_up
from bti.slt.role import NetworkRole
from bti.workflows import account

if TYPE_CHECKING:
    import uuid

    from bti.workflows.account import NewAccount
    from bti.workflows.context import Context

PASSWORD: Final = "blåbær og stillhet i fjellet"  # noqa: S105 - for people who do not exist
COORDINATOR: Final = ("olav", "Olav Lien")
#: Those who only read on the network side: username, name, title, role.
READERS: Final = (
    ("randi", "Randi Sande", "Sitter i politirådet", NetworkRole.MEMBER),
    ("gunnar", "Gunnar Holt", "Leser for politirådet", NetworkRole.COUNCIL_READER),
)

# Those born from 2000 to 2039 have individual digits from 500.
_INDIVIDUAL: Final = range(999, 499, -1)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works in the municipality. ``order`` is the place among the demo sign-ins."""

    username: str
    name: str
    title: str
    unit: str
    role: Role
    order: int


@dataclass(frozen=True, slots=True)
class Town:
    """A municipality with its units and the people in them."""

    name: str
    number: str
    profile: str
    units: dict[str, tuple[str, Sector]]
    people: tuple[Colleague, ...]


@dataclass(frozen=True, slots=True)
class Child:
    """A child of the stories. ``guardians`` are name and relation; all hold parental responsibility."""

    name: str
    birth_date: date = field(repr=False)
    group: str
    guardians: tuple[tuple[str, str], ...] = field(repr=False)
    national_id: str = field(default="", repr=False)

    @property
    def first_name(self) -> str:
        """What the child is called."""
        return self.name.split(" ")[0]


LINDVIK: Final = Town(
    "Lindvik kommune",
    "9901",
    "standard",
    {
        "school": ("Lindvik ungdomsskole", Sector.SCHOOL),
        "primary": ("Bakken skole", Sector.SCHOOL),
        "kindergarten": ("Solbakken barnehage", Sector.KINDERGARTEN),
        "health": ("Skolehelsetjenesten", Sector.HEALTH),
        "pps": ("PP-tjenesten", Sector.PPS),
        "child_welfare": ("Barnevernstjenesten", Sector.CHILD_WELFARE),
        "team": ("Oppvekstteamet", Sector.TEAM),
        "leisure": ("Fritidsklubben", Sector.LEISURE),
        "administration": ("Rådhuset", Sector.ADMINISTRATION),
    },
    (
        Colleague("ingrid", "Ingrid Solberg", "Kontaktlærer", "school", Role.STAFF, 1),
        Colleague("kari", "Kari Lund", "Helsesykepleier", "health", Role.STAFF, 2),
        Colleague("hege", "Hege Moen", "Leder, oppvekstteamet", "team", Role.TEAM_LEAD, 3),
        Colleague("siv", "Siv Aas", "Rektor", "school", Role.UNIT_LEAD, 4),
        Colleague("nina", "Nina Holm", "PP-rådgiver", "pps", Role.STAFF, 5),
        Colleague("mona", "Mona Lie", "Pedagogisk leder", "kindergarten", Role.STAFF, 6),
        Colleague("tone", "Tone Eide", "Kontaktlærer", "primary", Role.STAFF, 7),
        Colleague("turid", "Turid Moe", "Barnekoordinator", "team", Role.TEAM_MEMBER, 8),
        Colleague("anne", "Anne Ruud", "Personvernombud", "administration", Role.DPO, 9),
        Colleague("lars", "Lars Berge", "Kontaktlærer", "school", Role.STAFF, 10),
        Colleague("per", "Per Dahl", "PP-rådgiver", "pps", Role.STAFF, 11),
        Colleague("odd", "Odd Ness", "Barnevernspedagog", "child_welfare", Role.STAFF, 12),
        Colleague("silje", "Silje Haugen", "Ungdomsarbeider", "leisure", Role.STAFF, 13),
        Colleague("vera", "Vera Natt", "Barnevernsvakt", "child_welfare", Role.ON_CALL, 16),
        Colleague("arne", "Arne Vik", "Arkivar", "administration", Role.ARCHIVIST, 14),
        Colleague("asta", "Asta Berg", "Systemansvarlig", "administration", Role.ADMINISTRATOR, 15),
    ),
)

FURUVIK: Final = Town(
    "Furuvik kommune",
    "9902",
    "vaaler",
    {"school": ("Furuvik skole", Sector.SCHOOL)},
    (Colleague("berit", "Berit Furu", "Kontaktlærer i Furuvik", "school", Role.STAFF, 16),),
)


def synthetic_number(birth_date: date) -> str:
    """An eleven-digit number for a made-up person born from 2000 on: the month is 80 too high."""
    return made_up(birth_date, _INDIVIDUAL)


def found_town(context: Context, *, town: Town) -> tuple[uuid.UUID, dict[str, uuid.UUID]]:
    """Register a municipality and its units."""
    tenant_id = account.create_municipality(
        context, name=town.name, number=town.number, profile=town.profile, language="nb"
    )
    units = {
        key: account.create_unit(
            context, tenant_id=tenant_id, name=name, sector=sector, phone="00 00 00 00"
        )
        for key, (name, sector) in town.units.items()
    }
    return tenant_id, units


def employ(
    context: Context, *, tenant_id: uuid.UUID, unit_id: uuid.UUID, person: Colleague
) -> NewAccount:
    """Make a colleague's account with one role."""
    made = account.create_account(
        context,
        tenant_id=tenant_id,
        username=person.username,
        name=person.name,
        title=person.title,
        secret=PASSWORD,
        must_renew=False,
    )
    account.grant_role(
        context,
        tenant_id=tenant_id,
        account_id=made.account_id,
        unit_id=unit_id,
        role=person.role,
    )
    return made


def offer(
    context: Context, *, tenant_id: uuid.UUID, account_id: uuid.UUID, person: Colleague
) -> None:
    """Offer an account on the sign-in page in demo mode, in the colleague's place there.

    By itself: a row under a MAC is written once in a transaction.
    """
    context.verbs.open_directory(tenant_id)
    row = context.session.get_one(Account, account_id)
    row.profile = {**row.profile, "demo": True, "order": f"{person.order:02}"}
    context.record(Action.ACCOUNT_PROFILE_CHANGE, Reference("account", row.id), tenant=tenant_id)
