"""Language and time zone of a page: Bokmål, Nynorsk or English, always Norwegian time."""

from typing import Final

from flask import Flask, Request, g, redirect, request
from flask_babel import Babel, get_locale
from werkzeug.wrappers import Response

from bti import paths
from bti.web.api import problems
from bti.web.local_address import local_path

# Code -> the language's own name, in the order of the choice at the foot of the page.
LANGUAGES: Final = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
COOKIE: Final = "st_language"
_ONE_YEAR: Final = 365 * 24 * 3600


def choose(request: Request, actor_language: str | None, default: str) -> str:
    """The language of this page.

    A choice made in this browser comes first, or the buttons at the foot would do nothing for
    someone signed in; signing out removes it (Clear-Site-Data). Then the person's own setting,
    then the installation's. The browser's Accept-Language is not asked: on shared machines it is
    the machine's language, not the person's.
    """
    if problems.asked_here():
        # A system asks for the language of whoever reads its answer.
        asked = request.accept_languages.best_match([*LANGUAGES, "no"])
        return {"no": "nb"}.get(asked, asked) if asked else default
    for code in (request.cookies.get(COOKIE), actor_language):
        if code in LANGUAGES:
            return code
    return default


def language() -> str:
    """The code of the page's language, for `html lang`."""
    code: str = get_locale().language
    return code


def remember(response: Response, code: str, *, secure: bool) -> Response:
    """Keep the choice `code` in this browser for a year. Raises KeyError for an unknown code."""
    LANGUAGES[code]
    response.set_cookie(
        COOKIE, code, max_age=_ONE_YEAR, secure=secure, httponly=True, samesite="Lax"
    )
    return response


def register(app: Flask, *, default: str, secure: bool) -> None:
    """Set up Flask-Babel, and POST /language that takes `language` and `next`."""

    def locale() -> str:
        actor = g.get("actor")
        return choose(request, None if actor is None else actor.language, default)

    def chosen() -> Response:
        response = redirect(local_path(request.form.get("next")), 303)
        code = request.form.get("language", "")
        return remember(response, code, secure=secure) if code in LANGUAGES else response

    Babel(
        app,
        default_locale=default,
        default_timezone="Europe/Oslo",
        default_translation_directories=str(paths.TRANSLATIONS),
        locale_selector=locale,
    )
    app.add_url_rule("/language", "language", chosen, methods=["POST"])
