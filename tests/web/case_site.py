"""The case side's pages of people, insight and accounts over a test municipality."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

from flask import Flask
from sqlalchemy import select

from bti.audit.models import AuditEvent
from bti.identity import totp
from bti.web import access, identity
from bti.web.app import Identity, assemble
from tests.web.critic import CriticClient, Page
from tests.world import SECRET, World, settings_for

FEATURES = (
    "insight",
    "desk",
    "breach",
    "rights_request",
    "emergency",
    "sign_in",
    "account",
    "leaving",
    "absence",
    "consultation",
    "reminder",
    "follow_up",
    "reset",
    "approval",
    "confirm",
    "first_sign_in",
    "families",
    "guide",
    "rules",
    "pages",
    "client",
)


def site(world: World, *, mode: str = "test") -> Flask:
    """The application with these features; other features' pages are empty."""
    settings = settings_for(world.runtime.settings.var_dir, mode=mode)
    return assemble(
        settings,
        runtime=SimpleNamespace(
            settings=settings, doorway=_in_mode(world, settings), clock=world.clock
        ),
        secret=b"k" * 32,
        identities=[Identity(identity.cookie_name(settings), identity.identify)],
        features=[
            *(import_module(f"bti.web.views.{name}") for name in FEATURES),
            SimpleNamespace(register=_neighbours),
        ],
        routes=access.ROUTES,
    )


def _in_mode(world: World, settings):
    doorway = world.runtime.doorway
    return type(doorway)(
        doorway.sessions, doorway.clock, doorway.broker, settings, doorway.passwords
    )


def _neighbours(app: Flask) -> None:
    for address, endpoint in (
        ("/cases/<uuid:case_id>", "case.show"),
        ("/worklist", "worklist.show"),
        ("/danger", "duty.report"),
    ):
        if endpoint not in app.view_functions:
            app.add_url_rule(address, endpoint, lambda **_: "")


def visitor(world: World, *, mode: str = "test") -> CriticClient:
    """A client nobody has signed in on."""
    return CriticClient(site(world, mode=mode))


def signed_in(world: World, who: str, *, app: Flask | None = None) -> CriticClient:
    """A client with a person's session."""
    client = CriticClient(app or site(world))
    client.client.set_cookie("st_session", world.token(who))
    return client


def enter(client: CriticClient, world: World, who: str, **changed: str) -> Page:
    """Sign in by the form, with the code the app shows now."""
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    client.get("/sign-in")
    seed = world.seeds[who]
    typed = {
        "username": who,
        "password": SECRET,
        "code": totp.code_at(seed, world.clock.now()),
    }
    return client.post(changed.pop("path", "/sign-in"), {**typed, **changed})


def acts(world: World) -> list[tuple[str, str]]:
    """Every entry of the log as (act, allow or deny), oldest first."""
    return world.system(_acts)


def _acts(context):
    rows = context.session.execute(
        select(AuditEvent.act, AuditEvent.dec).order_by(AuditEvent.at, AuditEvent.idx)
    )
    return [tuple(row) for row in rows]
