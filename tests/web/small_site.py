"""A few features on a real municipality, with stand-ins for the pages they lead to."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flask import Flask, render_template_string

from bti.web import access, identity
from bti.web.app import Identity, assemble
from tests.web.critic import CriticClient
from tests.world import World

_PAGE = '{% extends "layouts/narrow.html" %}{% block heading %}A neighbour{% endblock %}'
_SHELL = ("language", "static_file")


def page(**_arguments: object) -> str:
    """A stand-in."""
    return render_template_string(_PAGE)


def site_of(
    world: World,
    *features: Any,
    own: tuple[str, ...],
    case: Callable[..., str] = page,
    also: Callable[[Flask], None] = lambda _app: None,
) -> Flask:
    """These features alone, whose endpoints begin with ``own``; ``case`` draws a case."""

    def neighbours(app: Flask) -> None:
        also(app)
        app.add_url_rule("/cases/<uuid:case_id>", "case.show", case)
        app.add_url_rule("/my-day", "worklist.show", page)
        app.add_url_rule("/sign-in", "sign_in.show", page)

    settings = world.runtime.settings
    return assemble(
        settings,
        runtime=world.runtime,
        secret=b"k" * 32,
        identities=[Identity(identity.cookie_name(settings), identity.identify)],
        features=[*features, SimpleNamespace(register=neighbours)],
        routes={
            **{name: rule for name, rule in access.ROUTES.items() if name.startswith(own)},
            **{name: access.ROUTES[name] for name in _SHELL},
            "case.show": access.SIGNED_IN,
            "worklist.show": access.SIGNED_IN,
            "sign_in.show": access.PUBLIC,
        },
    )


def client_for(world: World, app: Flask, who: str) -> CriticClient:
    """A browser that is signed in, in English."""
    client = CriticClient(app)
    client.client.set_cookie(identity.cookie_name(world.runtime.settings), world.token(who))
    client.client.set_cookie("st_language", "en")
    return client
