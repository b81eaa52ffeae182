"""The pages of consent and of the baton on a real municipality, with stand-ins for their neighbours."""

from types import SimpleNamespace

from flask import Flask, render_template_string

from bti.audit.actions import Action as Act
from bti.domain.access import Action
from bti.web import access, identity, labels, messages
from bti.web.app import Identity, assemble
from bti.web.doorway import perform
from bti.web.views import baton, consent
from bti.workflows import baton as baton_workflow
from bti.workflows import consent as consent_workflow
from tests.web.critic import CriticClient
from tests.world import World

_PAGE = '{% extends "layouts/narrow.html" %}{% block heading %}A neighbour{% endblock %}'
_CASE = """{% extends "layouts/base.html" %}
{% from "baton/_card.html" import card %}{% from "consent/_section.html" import section %}
{% block heading %}A case{% endblock %}
{% block content %}{% if parts[0] %}{{ card(parts[0], case_id) }}{% endif %}
{{ section(parts[1], case_id) }}{% endblock %}"""
_OWN = ("baton.", "consent.")


def _parts(context, case_id):
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    return (
        baton_workflow.card_of(context, opened),
        consent_workflow.section_of(context, opened),
    )


def _neighbours(app: Flask) -> None:
    def case(case_id):
        return render_template_string(_CASE, case_id=case_id, parts=perform(_parts, case_id))

    def page() -> str:
        return render_template_string(_PAGE)

    labels.register(app)
    messages.register(app)
    app.add_url_rule("/cases/<uuid:case_id>", "case.show", case)
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
        features=[baton, consent, SimpleNamespace(register=_neighbours)],
        routes={
            "language": access.PUBLIC,
            "static_file": access.PUBLIC,
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
