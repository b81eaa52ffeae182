"""The whole case side over a test municipality, in English, for the plan, the team and my day."""

from bti.web.app import create_app
from tests.web import small_site


def client_for(world, who):
    """A browser that is signed in."""
    return small_site.client_for(
        world, create_app(world.runtime.settings, runtime=world.runtime), who
    )


def filled(page, action, **answers):
    """What a browser would send from a form, with these answers typed in."""
    return {**page.form(action), **answers}
