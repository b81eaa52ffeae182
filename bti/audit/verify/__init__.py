"""Check an audit log offline: `python -m bti.audit.verify DIR --key VERIFIERKEY`, or `verify.pyz` alone.

Or one entry: `--proof FILE` instead of DIR. With `--witness KEY` it asks for cosignatures too. It needs the
standard library and `cryptography`, neither the application, its database nor a secret. It is a
second implementation on purpose: a mistake in the code that writes the log must not also hide here.
"""

from bti.audit.verify.checks import (
    Proven,
    checkpoint_line,
    leaf_line,
    verify_export,
    verify_leaves,
    verify_proof,
)
from bti.audit.verify.command import main
from bti.audit.verify.entries import KEYS, MAX_LEAF_BYTES, PATTERNS
from bti.audit.verify.findings import Finding, Kind, Policy, Report
from bti.audit.verify.notes import claimed_place

__all__ = [
    "KEYS",
    "MAX_LEAF_BYTES",
    "PATTERNS",
    "Finding",
    "Kind",
    "Policy",
    "Proven",
    "Report",
    "checkpoint_line",
    "claimed_place",
    "leaf_line",
    "main",
    "verify_export",
    "verify_leaves",
    "verify_proof",
]
