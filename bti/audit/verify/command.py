"""The command: reads the arguments, tells the outcome in one line."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bti.audit.verify.checks import verify_export, verify_proof
from bti.audit.verify.findings import BadError, Policy
from bti.audit.verify.notes import Keys, claimed_place


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Exit status: 0 intact, 1 not intact or unreadable, 2 called in a wrong way."""
    parser = argparse.ArgumentParser(
        prog="verify",
        description="Check an exported audit log, or the proof of one entry, offline.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", nargs="?")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="a proof of one entry instead")
    parser.add_argument(
        "--key",
        required=True,
        action="append",
        metavar="VERIFIERKEY",
        help="as received from the log's owner; one for each epoch",
    )
    parser.add_argument(
        "--witness", action="append", default=[], metavar="VERIFIERKEY", help="a witness's key"
    )
    parser.add_argument(
        "--quorum", type=int, metavar="N", help="how many witnesses must have signed; else all"
    )
    parser.add_argument(
        "--tenant", default="", metavar="UUID", help="every entry must belong to it"
    )
    parser.add_argument(
        "--known",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a checkpoint kept from earlier",
    )
    options = parser.parse_args(arguments)
    if (options.directory is None) == (options.proof is None):
        parser.error("one of DIR and --proof")
    policy = Policy(tuple(options.key), tuple(options.witness), options.quorum)
    try:
        Keys(policy)
    except ValueError as error:
        parser.error(f"--key, --witness or --quorum: {error}")
    intact, line = _outcome(options, policy)
    sys.stdout.write(f"{line}\n")
    return 0 if intact else 1


def _outcome(options: argparse.Namespace, policy: Policy) -> tuple[bool, str]:
    try:
        if options.proof is not None:
            text = options.proof.read_text("utf-8", "replace")
            return True, str(verify_proof(text, policy, tenant=options.tenant))
        known = sorted(
            (path.read_text("utf-8", "replace") for path in options.known), key=claimed_place
        )
        report = verify_export(options.directory, policy, tenant=options.tenant, known=known)
    except OSError as error:
        return False, f"NOT intact: missing: {error.filename}: {error.strerror}"
    except BadError as error:
        return False, f"NOT intact: {error}"
    return report.intact, str(report)
