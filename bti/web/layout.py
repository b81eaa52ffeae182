"""What the frame of every page needs: who is signed in, where they can go, and in which language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from flask import Flask, current_app, g, request, url_for
from flask_babel import lazy_gettext

from bti.web import access, i18n

Audience = Literal["public", "family", "staff"]

FAMILY_ROLES: Final = frozenset({"guardian", "youth"})
DANGER_ENDPOINT: Final = "duty.report"
_CASE_WORK: Final = frozenset({"staff", "unit_lead", "team_lead", "team_member"})
_TWO_PEOPLE: Final = frozenset({"dpo", "archivist", "administrator"})
_COUNCIL: Final = frozenset({access.NETWORK_ROLE, access.COUNCIL_ROLE})
_TEAM: Final = frozenset({"team_lead", "team_member"})


@dataclass(frozen=True, slots=True)
class MenuRow:
    """One entry of the main menu, for these roles. Left out where its side is not served."""

    text: str
    endpoint: str
    roles: frozenset[str]


# The first row a role has is its start page.
MENU: Final = (
    MenuRow(lazy_gettext("The team"), "referral.queue", _TEAM),
    MenuRow(lazy_gettext("My logs"), "worklist.show", _CASE_WORK),
    MenuRow(lazy_gettext("New concern"), "concern.new", _CASE_WORK),
    MenuRow(lazy_gettext("Ask without names"), "consultation.list_", _CASE_WORK),
    MenuRow(lazy_gettext("Emergency access"), "emergency.seek", frozenset({"on_call"})),
    MenuRow(lazy_gettext("Desk"), "desk.show", frozenset({"dpo"})),
    MenuRow(lazy_gettext("Access log"), "insight.search", frozenset({"dpo"})),
    MenuRow(lazy_gettext("Reviews"), "review.waiting", frozenset({"dpo"})),
    MenuRow(lazy_gettext("Accounts"), "account.list", frozenset({"administrator"})),
    MenuRow(lazy_gettext("Local rules"), "rules.show", frozenset({"administrator"})),
    MenuRow(lazy_gettext("Who gives advice"), "consultation.members", frozenset({"administrator"})),
    MenuRow(
        lazy_gettext("Professional systems"), "client.list_", frozenset({"dpo", "administrator"})
    ),
    MenuRow(lazy_gettext("Archive"), "archive.waiting", frozenset({"archivist"})),
    MenuRow(lazy_gettext("Approvals"), "approval.list", _TWO_PEOPLE),
    MenuRow(lazy_gettext("Numbers and trends"), "slt.show", _COUNCIL),
    MenuRow(lazy_gettext("Indicators"), "slt.indicator.list", _COUNCIL),
    MenuRow(lazy_gettext("Plan"), "slt.plan.latest", _COUNCIL),
    MenuRow(lazy_gettext("Bodies"), "slt.body.list", access.NETWORK_ROLES),
    MenuRow(lazy_gettext("Year wheel"), "slt.year.show", access.NETWORK_ROLES),
    MenuRow(lazy_gettext("Reports"), "slt.report.list", _COUNCIL),
    MenuRow(lazy_gettext("Guide"), "guide.show", _CASE_WORK),
)

FOOTER: Final = (
    (lazy_gettext("Privacy"), "pages.privacy"),
    (lazy_gettext("Accessibility"), "pages.accessibility"),
    (lazy_gettext("Help"), "pages.help"),
)

OWN: Final = ((lazy_gettext("My account"), "account.show"),)


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its text; `current` marks the page one is on."""

    text: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class SessionLimit:
    """What session.js needs to warn before the session ends (WCAG 2.2.1)."""

    seconds: int
    extend_href: str


@dataclass(frozen=True, slots=True)
class Layout:
    """`layout` in every template."""

    language: str
    languages: tuple[tuple[str, str], ...]
    audience: Audience
    actor: access.SignedInPerson | None
    municipality: str
    demo: bool
    nav: tuple[Link, ...]
    own_links: tuple[Link, ...]
    footer_links: tuple[Link, ...]
    footer_note: str
    home_href: str
    here: str
    language_href: str
    danger_href: str
    danger_current: bool
    sign_in_href: str
    sign_out_href: str
    session: SessionLimit | None


def audience_of(actor: access.SignedInPerson | None) -> Audience:
    """Families meet other words, larger text and no menu."""
    if actor is None:
        return "public"
    return "family" if actor.role in FAMILY_ROLES else "staff"


def _href(endpoint: str) -> str:
    """The address of an endpoint without arguments, empty if this process does not serve it."""
    return url_for(endpoint) if endpoint in current_app.view_functions else ""


def _links(rows: tuple[tuple[str, str], ...], here: str | None) -> tuple[Link, ...]:
    found = ((text, _href(endpoint), endpoint == here) for text, endpoint in rows)
    return tuple(Link(text, href, current) for text, href, current in found if href)


def _sign_in_href(
    actor: access.SignedInPerson | None, routes: Mapping[str, access.RouteRule]
) -> str:
    on_network_side = actor is not None and actor.role in access.NETWORK_ROLES
    rule = access.NETWORK if on_network_side else routes.get(request.endpoint or "")
    endpoint = access.sign_in_endpoint(rule)
    return url_for(endpoint) if endpoint else ""


def build(*, demo: bool, idle_seconds: int, routes: Mapping[str, access.RouteRule]) -> Layout:
    """The frame of the page being answered."""
    actor: access.SignedInPerson | None = g.get("actor")
    audience = audience_of(actor)
    # An error page may not show where it stands: see errors.answer.
    here = None if g.get("uniform", False) else request.endpoint
    roles = () if actor is None else (actor.role,)
    menu = tuple((row.text, row.endpoint) for row in MENU if row.roles.intersection(roles))
    nav = _links(menu, here)
    sign_in_href = _sign_in_href(actor, routes)
    on_network_side = bool(access.NETWORK_ROLES.intersection(roles))
    extend_href = _href("slt.extend" if on_network_side else "sign_in.extend")
    readable = request.method in {"GET", "HEAD"} and here is not None
    return Layout(
        language=i18n.language(),
        languages=tuple(i18n.LANGUAGES.items()),
        audience=audience,
        actor=actor,
        municipality="" if actor is None else actor.municipality,
        demo=demo,
        nav=nav,
        own_links=() if on_network_side else _links(OWN, here),
        footer_links=_links(FOOTER, here),
        footer_note=g.get("footer_note"),
        home_href=nav[0].href if nav else "/",
        here=request.full_path.rstrip("?") if readable else "/",
        language_href=url_for("language"),
        danger_href=_href(DANGER_ENDPOINT) if audience == "staff" and not on_network_side else "",
        danger_current=here == DANGER_ENDPOINT,
        sign_in_href=sign_in_href,
        sign_out_href=_href("slt.sign_out" if on_network_side else "sign_in.out"),
        session=(
            SessionLimit(idle_seconds, extend_href) if actor is not None and extend_href else None
        ),
    )


def register(
    app: Flask, *, demo: bool, idle_seconds: int, routes: Mapping[str, access.RouteRule]
) -> None:
    """Give every template `layout`, and `opens(endpoint)`: whether the person's role lets them go there."""

    def opens(endpoint: str) -> bool:
        return access.allows(routes[endpoint], g.get("actor"))

    def context() -> dict[str, object]:
        found = build(demo=demo, idle_seconds=idle_seconds, routes=routes)
        return {"layout": found, "opens": opens}

    app.context_processor(context)
