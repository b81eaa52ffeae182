"""What each municipality calls things on the way from level 0 to 3, and how one comes to follow a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.domain.approval import ApprovalAct
from bti.workflows import municipality
from tests.approvals import two_say_yes

if TYPE_CHECKING:
    from tests.world import World

# Profile, language, and at each level: what it is called, and words of its guide.
WALKS = {
    "standard": (
        "nb",
        ("Undring", "Skriv ned undringen"),
        ("Tiltak i egen tjeneste", "Avtal mål og tiltak"),
        ("Flere tjenester sammen", "Inviter tjenesten som trengs"),
        ("Oppvekstteam", "Fortell familien om rettighetene"),
    ),
    "moss": (
        "nb",
        ("Undring", "Veilederen for rusforebyggende arbeid"),
        ("Tiltak i egen tjeneste", "Stafettlogg"),
        ("Flere tjenester sammen", "Laget rundt barnet er tjenestene og hjemmet"),
        ("SLT-koordinert møte", "Ta saken til det SLT-koordinerte møtet"),
    ),
    "vaaler": (
        "nb",
        ("Undring", "Definer bekymringen"),
        ("Tiltak i egen tjeneste", "Rutinene for bekymringsfullt fravær"),
        ("Flere tjenester sammen", "Skolen kaller inn til BTI-møte med barnevern, helse, PPT"),
        ("Oppvekstteam", "Oppvekstteamet tar saker som ikke lar seg løse i virksomheten"),
    ),
    "nordre_land": (
        "nb",
        ("Undring", "Skriv ned undringen"),
        ("Tiltak i egen tjeneste", "Ungdoms-coach, ved fravær og frafall"),
        ("Flere tjenester sammen", "Bekymringssamtale med politiet"),
        ("Kompetanseteam", "Ta saken til kompetanseteamet"),
    ),
    "aukra": (
        "nn",
        ("Undring", "BTI-handlingsrettleiaren"),
        ("Tiltak i eiga teneste", "då blir stafettloggen oppretta"),
        (
            "Fleire tenester saman",
            "Inviter nye samarbeidspartnarar til møtet og inn i stafettloggen",
        ),
        ("Oppvekstteam", "Vurder om barnet har rett til koordinator eller barnekoordinator"),
    ),
}


def follow_profile(world: World, profile: str, language: str) -> None:
    """Two people decide that the municipality works by a profile, in a language."""
    wanted = {"name": "Lindvik kommune", "number": "9901"}
    wanted |= {"profile": profile, "language": language}
    agreed = two_say_yes(world, ApprovalAct.PROFILE_CHANGE, municipality.change_params(**wanted))
    change = {"tenant_id": world.tenant_id, "approval_id": agreed, **wanted}
    world.system(municipality.change, **change)
