"""Guardians in people's words: who said so, why one is kept out, and why something was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_babel import lazy_gettext as _l

from bti.domain.guardians import BlockReason, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE: Final[Mapping[Source, Any]] = {
    Source.REGISTER: _l("The national population register"),
    Source.DOCUMENT: _l("A judgment or a decision that we have seen"),
    Source.FAMILY: _l("The family says so"),
}

BLOCK_REASON: Final[Mapping[BlockReason, Any]] = {
    BlockReason.COURT: _l("A court has decided it"),
    BlockReason.CONTACT_BAN: _l("A ban on contact"),
    BlockReason.CHILD_WELFARE: _l("Child welfare services have decided it"),
    BlockReason.PROTECTED_ADDRESS: _l("An address is protected from this person"),
}

GUARDIAN: Final[Mapping[str, Any]] = {
    "guardian.blocked": _l("This person is kept out. Nothing from a register changes that."),
    "guardian.blocked_already": _l("This person is kept out already."),
    "guardian.no_reason": _l("Write what you know, and where it is written."),
    "guardian.no_source": _l("Choose who says so."),
    "guardian.not_blocked": _l("This person is not kept out."),
    "guardian.only_said": _l(
        "What the family says decides nothing before it is checked in the register or a document."
    ),
    "register.another_child": _l("The file is about another child."),
    "register.answered": _l("This was answered already."),
    "register.day_in_future": _l("The day the file was drawn lies ahead."),
    "register.form": _l("A line is not in the form that is read here. Its number:"),
    "register.no_child": _l("The file names no child."),
    "register.nothing_new": _l("The file says nothing that is newer than what stands here."),
    "register.several_children": _l("There is more than one child. Each has a file of its own."),
    "register.too_long": _l("The file is longer than that of one child."),
    "family.blocked": _l("This person is kept out. The leader lifts it."),
}
