"""Which modules are mutated, and the tests that belong to each."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

_CRYPTO = "tests/unit/crypto"
_AUDIT = "tests/unit/audit"
_DOMAIN = "tests/unit/domain"
_KEYD = "tests/unit/keyd"
_WHOLE_MATRIX = "test_every_cell_of_the_matrix_is_as_it_was_written_by_hand"


@dataclass(frozen=True, slots=True)
class Target:
    """Modules and tests, as paths from the root of the repository."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    #: Those of the tests that take longer than all the others together.
    left_out: tuple[str, ...] = ()
    #: Whether its tests use what all tests stand on: a server, a municipality. To start them anew is then to
    #: import the whole program.
    on_all: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """How its tests are found: without what is for all tests, where they can do without."""
        return () if self.on_all else (f"--confcutdir={PurePosixPath(self.tests[0]).parent}",)


TARGETS: dict[str, Target] = {
    "envelope": Target(
        (
            "bti/crypto/envelope.py",
            "bti/crypto/padding.py",
            "bti/crypto/pae.py",
            "bti/crypto/wrapping.py",
        ),
        (
            f"{_CRYPTO}/test_envelope.py",
            f"{_CRYPTO}/test_encoding.py",
            f"{_CRYPTO}/test_data_key.py",
            f"{_CRYPTO}/test_signing.py",
            f"{_CRYPTO}/test_wrapping.py",
            f"{_CRYPTO}/test_vectors.py",
        ),
    ),
    "tree": Target(
        ("bti/audit/tree.py", "bti/audit/proof.py"),
        (f"{_AUDIT}/test_tree.py", f"{_AUDIT}/test_tiles.py"),
    ),
    "note": Target(("bti/audit/note.py",), (f"{_AUDIT}/test_note.py",)),
    "signer": Target(
        ("bti/audit/signer.py", "bti/audit/state.py"),
        (f"{_AUDIT}/test_signer.py", f"{_AUDIT}/test_witness.py"),
    ),
    "access": Target(
        (
            "bti/domain/access.py",
            "bti/domain/relations.py",
            "bti/domain/step_up.py",
            "bti/domain/compartments.py",
            "bti/domain/policy.py",
        ),
        (
            f"{_DOMAIN}/test_access.py",
            f"{_DOMAIN}/test_access_barriers.py",
            f"{_DOMAIN}/test_access_properties.py",
            f"{_DOMAIN}/test_approval.py",
            f"{_DOMAIN}/test_archived_cases.py",
            f"{_DOMAIN}/test_clients.py",
            f"{_DOMAIN}/test_codes.py",
            f"{_DOMAIN}/test_policy_matrix.py",
            f"{_DOMAIN}/test_relations.py",
        ),
        (f"{_DOMAIN}/test_policy_matrix.py::{_WHOLE_MATRIX}",),
    ),
    "grants": Target(
        (
            "bti/keyd/grant_consent.py",
            "bti/keyd/grant_move.py",
            "bti/keyd/grant_join.py",
            "bti/keyd/grants.py",
            "bti/keyd/grant_people.py",
            "bti/keyd/grant_reset.py",
            "bti/keyd/grant_rules.py",
            "bti/keyd/grant_first.py",
            "bti/keyd/grant_use.py",
            "bti/keyd/grant_approval.py",
            "bti/keyd/grant_facts.py",
            "bti/keyd/asking.py",
            "bti/keyd/case_state.py",
        ),
        (
            f"{_KEYD}/test_asking.py",
            f"{_KEYD}/test_grants_of_a_move.py",
            f"{_KEYD}/test_grants_of_a_join.py",
            f"{_KEYD}/test_grants_by_two.py",
            f"{_KEYD}/test_grants_in_a_case.py",
            f"{_KEYD}/test_grants_of_a_state.py",
            f"{_KEYD}/test_grants_of_a_municipality.py",
            f"{_KEYD}/test_grants_of_consent.py",
            f"{_KEYD}/test_grants_of_approvals.py",
            f"{_KEYD}/test_grants_of_first_accounts.py",
            f"{_KEYD}/test_grants_of_people.py",
            f"{_KEYD}/test_grants_of_resets.py",
            f"{_KEYD}/test_grants_of_reviews.py",
            f"{_KEYD}/test_grants_of_rules.py",
            f"{_KEYD}/test_grants_of_uses.py",
            f"{_KEYD}/test_grants_of_versions.py",
            f"{_KEYD}/test_decisions.py",
        ),
    ),
    "approvals": Target(
        ("bti/keyd/approvals.py",),
        (f"{_KEYD}/test_approvals_used.py", "tests/integration/workflows/test_approval.py"),
        on_all=True,
    ),
    "verbs": Target(
        ("bti/keyd/local.py", "bti/keyd/tenant_verbs.py"),
        (
            f"{_KEYD}/test_released.py",
            f"{_KEYD}/test_tenant_verbs.py",
            f"{_KEYD}/test_verbs.py",
        ),
    ),
    "asked": Target(
        (
            "bti/keyd/handler.py",
            "bti/keyd/requests.py",
            "bti/keyd/work.py",
            "bti/keyd/peers.py",
            "bti/keyd/notes.py",
        ),
        (
            f"{_KEYD}/test_handler.py",
            f"{_KEYD}/test_notes.py",
            f"{_KEYD}/test_owners.py",
            f"{_KEYD}/test_peers.py",
            f"{_KEYD}/test_requests.py",
            f"{_KEYD}/test_wire.py",
        ),
    ),
    "wire": Target(
        ("bti/keyd/wire.py", "bti/keyd/codec.py", "bti/keyd/parcel.py"),
        (
            f"{_KEYD}/test_codec.py",
            f"{_KEYD}/test_forms.py",
            f"{_KEYD}/test_parcel.py",
            f"{_KEYD}/test_wire.py",
        ),
    ),
    "shares": Target(("bti/keyd/unsealing.py",), (f"{_KEYD}/test_unsealing.py",)),
    "cache": Target(("bti/keyd/key_cache.py",), ("tests/unit/test_key_cache.py",)),
    "anew": Target(
        (
            "bti/keyd/reseal.py",
            "bti/keyd/moved.py",
            "bti/keyd/directory_rows.py",
            "bti/keyd/retoken.py",
        ),
        (
            f"{_KEYD}/test_directory_rows.py",
            f"{_KEYD}/test_reseal.py",
            f"{_KEYD}/test_retoken.py",
        ),
    ),
    "decisions": Target(
        (
            "bti/keyd/authority.py",
            "bti/keyd/facts_rows.py",
            "bti/keyd/plain_rows.py",
            "bti/keyd/ground.py",
            "bti/keyd/denial.py",
            "bti/keyd/evidence.py",
        ),
        (
            f"{_KEYD}/test_decisions.py",
            f"{_KEYD}/test_facts.py",
            f"{_KEYD}/test_plain_rows.py",
            f"{_KEYD}/test_tenant_verbs.py",
            f"{_KEYD}/test_verbs.py",
        ),
    ),
    "quotas": Target(
        ("bti/keyd/quota.py", "bti/keyd/opening_count.py"),
        (f"{_KEYD}/test_what_is_counted.py", f"{_KEYD}/test_verbs.py"),
        on_all=True,
    ),
    "marks": Target(
        (
            "bti/keyd/row_macs.py",
            "bti/keyd/baits.py",
            "bti/keyd/codes.py",
            "bti/keyd/kinship.py",
        ),
        (
            f"{_KEYD}/test_grants_of_first_accounts.py",
            f"{_KEYD}/test_grants_of_versions.py",
            f"{_KEYD}/test_kinship.py",
            f"{_KEYD}/test_row_macs.py",
            f"{_KEYD}/test_tenant_verbs.py",
            f"{_KEYD}/test_verbs.py",
        ),
    ),
}


#: Modules of the broker that are in no target, and why. Its architecture test asks that each is in one of the two.
NOT_TRIED: dict[str, str] = {
    "bti/keyd/broker.py": "The verbs as a protocol, and what they are given: it decides nothing.",
    "bti/keyd/client.py": "The caller's side of the socket: the broker believes nothing that comes from it.",
    "bti/keyd/archiving.py": "Opens a whole case after an approval was used up; tried by packages that are made and checked.",
    "bti/keyd/generations.py": "The life of keys, asked by the operator alone; tried by whole municipalities whose keys change.",
    "bti/keyd/grant_client.py": "Tried by clients that are made up over the socket, on PostgreSQL alone.",
    "bti/keyd/keystore.py": "Makes, opens and finds keys and decides nothing; every other test opens with it.",
    "bti/keyd/log_keys.py": "Which generation signs an epoch; tried by a log whose key changes and is verified.",
    "bti/keyd/on_behalf.py": "Tried by calls of clients over the socket, on PostgreSQL alone.",
    "bti/keyd/proof.py": "Opens what is sealed in a case and gives none of it away: for a drill.",
    "bti/keyd/remote.py": "The caller's side of the socket: the broker believes nothing that comes from it.",
    "bti/keyd/renewal.py": "Runs within a migration alone; tried by databases that are brought up from an older form.",
    "bti/keyd/rewrap.py": "Moves wrapped keys and opens no content; tried by whole municipalities whose keys change.",
    "bti/keyd/server.py": "Sockets and threads, no right; tried by processes that talk to it.",
    "bti/keyd/usage.py": "Counts what a key has sealed, for people to read.",
    "bti/keyd/wired.py": "The caller's side of the socket: the broker believes nothing that comes from it.",
}


def targets_named(names: Iterable[str]) -> dict[str, Target]:
    """Return the targets by name: ``decisions``, or ``decisions/quota,ground`` for some of its modules.

    Raises ``LookupError`` with the name that is none.
    """
    return {name: _named(name) for name in names}


def _named(name: str) -> Target:
    target, _, stems = name.partition("/")
    if target not in TARGETS:
        raise LookupError(name)
    whole = TARGETS[target]
    by_stem = {PurePosixPath(one).stem: one for one in whole.modules}
    wanted = stems.split(",") if stems else list(by_stem)
    if not by_stem.keys() >= set(wanted):
        raise LookupError(name)
    modules = tuple(by_stem[one] for one in wanted)
    return replace(whole, modules=modules)
