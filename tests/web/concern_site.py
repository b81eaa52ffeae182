"""The concern form and the danger page, with stand-ins for their neighbours."""

from flask import Flask

from bti.web.views import concern, concern_import, duty, report
from tests.web.small_site import site_of
from tests.world import World


def site(world: World) -> Flask:
    """The features under test: the danger page leads to the report, and a concern to a list of them."""
    own = ("concern.", "concern_import.", "duty.", "report.")
    return site_of(world, concern, concern_import, duty, report, own=own)
