"""A professional system with a key, for tests: made by two people, and let in by a colleague."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bti.clock import norwegian_date
from bti.domain.codes import ClientScope
from bti.web.app import create_app
from bti.workflows import api_agreement, api_client, approval
from bti.workflows.api_client import AskForClient
from tests.approvals import freshly

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from bti.workflows.api_client import MadeClient
    from tests.world import World

ALL = frozenset(ClientScope)


def a_yes(
    world: World,
    scopes: frozenset[ClientScope] = ALL,
    *,
    name: str = "Skolejournalen",
    days: int = 300,
) -> uuid.UUID:
    """What Asta asked for and Anne said yes to."""
    command = AskForClient(
        name=name,
        scopes=scopes,
        ends_on=norwegian_date(world.clock.now()) + timedelta(days=days),
        reason="Så lærerne slipper å skrive to ganger.",
    )
    freshly(world, "asta")
    asked = world.run("asta", api_client.ask, command=command)
    freshly(world, "anne")
    world.run("anne", approval.give, approval_id=asked)
    return asked


def a_client(
    world: World,
    scopes: frozenset[ClientScope] = ALL,
    *,
    name: str = "Skolejournalen",
    days: int = 300,
) -> MadeClient:
    """A client that two people agreed to."""
    given = a_yes(world, scopes, name=name, days=days)
    return world.run("asta", api_client.make, approval_id=given)


def agreed(world: World, made: MadeClient, who: str) -> uuid.UUID:
    """A colleague's yes to it."""
    freshly(world, who)
    return world.run(who, api_agreement.agree, client_id=made.client_id)


def app_of(world: World) -> Flask:
    """The case side, whole."""
    settings = world.runtime.settings.model_copy(update={"serve": "case"})
    return create_app(settings, runtime=world.runtime)


@dataclass(frozen=True, slots=True)
class System:
    """A professional system that calls."""

    app: Flask
    key: str
    agreement: uuid.UUID | str
    language: str = "en"
    more: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> TestResponse:
        """Ask for something."""
        return self.app.test_client().get(path, headers=self._headers())

    def post(
        self, path: str, content: Any, *, key: uuid.UUID | str | None = None, **headers: str
    ) -> TestResponse:
        """Send something: values, or bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        known = {"Idempotency-Key": str(key or uuid.uuid4()), "Content-Type": "application/json"}
        sent = {**self._headers(), **known, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.app.test_client().post(path, data=body, headers=sent)

    def speaking(self, language: str) -> System:
        """The same, for somebody who reads another language."""
        return replace(self, language=language)

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.key}",
            "Stafett-Agreement": str(self.agreement),
            "Accept-Language": self.language,
            **self.more,
        }


def a_concern(**changed: Any) -> dict[str, Any]:
    """A sound concern."""
    return {
        "in_danger": False,
        "child": {"name": "Oda Vik", "birth_date": "2014-03-04", "group": "5B"},
        "seen": "Har vært borte fem mandager på rad.",
        "categories": ["ABS"],
        "talked_with_child": "not_yet",
        "contact_with_guardians": "not_yet",
        **changed,
    }


A_REFERENCE = {"info_type": "attendance", "system": "Skolejournalen", "number": "2026-118"}
