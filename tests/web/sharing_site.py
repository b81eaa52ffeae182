"""The pages of consent and of the baton on a real municipality, with stand-ins for their neighbours."""

from flask import Flask, render_template_string

from bti.audit.actions import Action as Act
from bti.domain.access import Action
from bti.web import labels, messages
from bti.web.doorway import perform
from bti.web.views import (
    baton,
    consent,
    family,
    guardian,
    join,
    move,
    proposal,
    protection,
    sharing,
)
from bti.workflows import baton as baton_workflow
from bti.workflows import consent as consent_workflow
from tests.web.small_site import site_of
from tests.world import World

_CASE = """{% extends "layouts/base.html" %}
{% from "baton/_card.html" import card %}{% from "consent/_section.html" import section %}
{% block heading %}A case{% endblock %}
{% block content %}{% if parts[0] %}{{ card(parts[0], case_id) }}{% endif %}
{{ section(parts[1], case_id) }}{% endblock %}"""


def _parts(context, case_id):
    opened = context.verbs.open(case_id, Action.READ_CASE, entry=Act.CASE_OPEN_READ)
    return (
        baton_workflow.card_of(context, opened),
        consent_workflow.section_of(context, opened),
    )


def _case(case_id):
    return render_template_string(_CASE, case_id=case_id, parts=perform(_parts, case_id))


def _words(app: Flask) -> None:
    labels.register(app)
    messages.register(app)


def site(world: World) -> Flask:
    """The two features under test."""
    return site_of(
        world,
        baton,
        consent,
        family,
        guardian,
        join,
        move,
        proposal,
        protection,
        sharing,
        own=(
            "baton.",
            "consent.",
            "family.",
            "guardian.",
            "join.",
            "move.",
            "proposal.",
            "protection.",
            "sharing.",
        ),
        case=_case,
        also=_words,
    )
