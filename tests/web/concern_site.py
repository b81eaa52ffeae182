"""The concern form and the danger page, with stand-ins for their neighbours."""

from flask import Flask

from bti.web.views import concern, duty, report
from tests.web.small_site import site_of
from tests.world import World


def site(world: World) -> Flask:
    """The features under test: the danger page leads to the report."""
    return site_of(world, concern, duty, report, own=("concern.", "duty.", "report."))
