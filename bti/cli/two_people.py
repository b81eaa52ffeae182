"""How a command asks for a colleague's yes, and how it is given one: --ask-as and --approval.

The same command is run twice: first with --ask-as, then with --approval and the same choices.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import click

from bti.domain.approval import TWO_PEOPLE, ApprovalAct, ApprovalRefused, Params
from bti.workflows import approval, sign_in
from bti.workflows.errors import SignInRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from bti.bootstrap import Runtime
    from bti.workflows.actor import Actor

    Command = TypeVar("Command", bound=Callable[..., object])

_ADDRESS: Final = "command line"
REASONS: Final = {
    "approval.changed": "It was given for something else: the choices must be exactly the same.",
    "approval.expired": "It has run out: approvals live for a day.",
    "approval.not_given": "Nobody has said yes to it.",
    "approval.not_requester": "Somebody else asked for it.",
    "approval.other_act": "It was given for another kind of act.",
    "approval.person_gone": "One of the two can no longer sign in.",
    "approval.made_by_requester": "Whoever gave somebody a role cannot ask them for a yes.",
    "approval.same_person": "The two are, by name, one person.",
    "approval.self": "It takes two people.",
    "approval.role": "This role cannot ask for this.",
    "approval.unknown": "There is no such approval.",
    "approval.used": "It has been used already.",
}


def two_people(command: Command) -> Command:
    """Give a command the options ``approval_id`` and ``ask_as``."""
    command = click.option(
        "--ask-as",
        metavar="USERNAME",
        default="",
        help="Ask for approval as this person (password and code are asked for) and stop.",
    )(command)
    return click.option(
        "--approval",
        "approval_id",
        metavar="ID",
        type=click.UUID,
        help="The approval a colleague has given for exactly this.",
    )(command)


def approved(
    opened: Runtime,
    tenant_id: uuid.UUID,
    act: ApprovalAct,
    params: Params,
    *,
    ask_as: str,
    approval_id: uuid.UUID | None,
) -> uuid.UUID:
    """Return the approval to use; or ask for one, say how to go on, and end the command.

    Raises ``click.ClickException`` when neither was chosen or the person may not ask.
    """
    if approval_id is not None:
        return approval_id
    if not ask_as:
        raise click.ClickException(
            "This needs two people. First: --ask-as USERNAME. When a colleague has approved it on "
            "the page «Approvals»: --approval ID, with the same choices."
        )
    made = _ask(opened, tenant_id, act, params, ask_as)
    click.echo(f"Asked. When a colleague has approved it: --approval {made}")
    raise click.exceptions.Exit(0)


def explained(refused: ApprovalRefused) -> click.ClickException:
    """Return what an operator is told when an approval does not do."""
    return click.ClickException(f"Not approved. {REASONS.get(refused.code, refused.code)}")


def _ask(
    opened: Runtime, tenant_id: uuid.UUID, act: ApprovalAct, params: Params, username: str
) -> uuid.UUID:
    secret = click.prompt("Password", hide_input=True, err=True)
    code = click.prompt("Code", hide_input=True, err=True)
    outcome = sign_in.sign_in(
        opened.doorway,
        tenant_id=tenant_id,
        username=username,
        secret=secret,
        code=code,
        address=_ADDRESS,
    )
    if isinstance(outcome, SignInRefused):
        raise click.ClickException("That did not prove who you are. Wait for a new code.")
    person = _actor(opened, outcome.token)
    try:
        fitting = [one for one in outcome.roles if one.role in TWO_PEOPLE[act].ask]
        if not fitting:
            raise click.ClickException(REASONS["approval.role"])
        entered = opened.doorway.perform(sign_in.enter_role, person, grant_id=fitting[0].grant_id)
        person = _actor(opened, entered.token)
        return opened.doorway.perform(approval.ask, person, act, params)
    finally:
        opened.doorway.perform(sign_in.sign_out, person)


def _actor(opened: Runtime, token: str) -> Actor:
    found = opened.doorway.perform(sign_in.identify, None, token=token)
    if found is None:
        raise click.ClickException(REASONS["approval.person_gone"])
    return found
