"""The `bti` command for operators; commands call the same workflows as the pages."""

from __future__ import annotations

import os

from bti.cli.group import LazyGroup

_GROUPS = {
    "accounts": "bti.cli.accounts",
    "approvals": "bti.cli.approvals",
    "archive": "bti.cli.archive",
    "attachments": "bti.cli.attachments",
    "attack": "bti.cli.attack",
    "audit": "bti.cli.audit",
    "backup": "bti.cli.backup",
    "bodies": "bti.cli.bodies",
    "canary": "bti.cli.canary",
    "control": "bti.cli.control",
    "db": "bti.cli.db",
    "demo": "bti.cli.demo",
    "erasure": "bti.cli.erasure",
    "indicator": "bti.cli.indicator",
    "keyd": "bti.cli.keyd",
    "keys": "bti.cli.keys",
    "logd": "bti.cli.logd",
    "meetings": "bti.cli.meetings",
    "network": "bti.cli.network",
    "plan": "bti.cli.plan",
    "profile": "bti.cli.profile",
    "protect": "bti.cli.protect",
    "provider": "bti.cli.provider",
    "release": "bti.cli.release",
    "serve": "bti.cli.serve",
    "settings": "bti.cli.settings",
    "signer": "bti.cli.signer",
    "witness": "bti.cli.witness",
    "work": "bti.cli.work",
    "year": "bti.cli.year",
}


def _keep_files_private() -> None:
    """Whatever a command makes is for the one who runs it; exports and databases included."""
    os.umask(0o077)


main = LazyGroup(
    modules=_GROUPS,
    name="bti",
    callback=_keep_files_private,
    help="Stafett for operators. Every act is entered in the access log.",
)
