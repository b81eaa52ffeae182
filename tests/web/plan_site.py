"""The whole case side over a test municipality, in English, for the plan, the team and my day."""

from bti.web import identity
from bti.web.app import create_app
from tests.web.critic import CriticClient


def client_for(world, who):
    """A browser that is signed in."""
    settings = world.runtime.settings
    client = CriticClient(create_app(settings, runtime=world.runtime))
    client.client.set_cookie(identity.cookie_name(settings), world.token(who))
    client.client.set_cookie("st_language", "en")
    return client


def filled(page, action, **answers):
    """What a browser would send from a form, with these answers typed in."""
    return {**page.form(action), **answers}
