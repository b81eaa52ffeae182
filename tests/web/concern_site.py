"""The concern form and the danger page on a real municipality, with stand-ins for their neighbours."""

from types import SimpleNamespace

from flask import Flask, render_template_string

from bti.web import access, identity
from bti.web.app import Identity, assemble
from bti.web.views import concern, duty
from tests.web.critic import CriticClient
from tests.world import World

_PAGE = '{% extends "layouts/narrow.html" %}{% block heading %}A neighbour{% endblock %}'
_OWN = ("concern.", "duty.")
_SHELL = ("language", "static_file")


def _neighbours(app: Flask) -> None:
    def page(**_arguments: object) -> str:
        return render_template_string(_PAGE)

    app.add_url_rule("/cases/<uuid:case_id>", "case.show", page)
    app.add_url_rule("/my-day", "worklist.show", page)
    app.add_url_rule("/sign-in", "sign_in.show", page)


def site(world: World) -> Flask:
    """The two features under test."""
    settings = world.runtime.settings
    own = {name: rule for name, rule in access.ROUTES.items() if name.startswith(_OWN)}
    return assemble(
        settings,
        runtime=world.runtime,
        secret=b"k" * 32,
        identities=[Identity(identity.cookie_name(settings), identity.identify)],
        features=[concern, duty, SimpleNamespace(register=_neighbours)],
        routes={
            **{name: access.ROUTES[name] for name in _SHELL},
            **own,
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
