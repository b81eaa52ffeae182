"""Which modules are mutated, and the tests that belong to each."""

from dataclasses import dataclass

_CRYPTO = "tests/unit/crypto"
_AUDIT = "tests/unit/audit"
_DOMAIN = "tests/unit/domain"


@dataclass(frozen=True, slots=True)
class Target:
    """Modules and tests, as paths from the root of the repository."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


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
            f"{_DOMAIN}/test_access_properties.py",
            f"{_DOMAIN}/test_policy_matrix.py",
        ),
    ),
    "grants": Target(
        (
            "bti/keyd/grants.py",
            "bti/keyd/grant_people.py",
            "bti/keyd/grant_facts.py",
            "bti/keyd/case_state.py",
        ),
        (
            "tests/unit/keyd/test_grants_in_a_case.py",
            "tests/unit/keyd/test_grants_of_people.py",
            "tests/unit/keyd/test_grants_of_reviews.py",
            "tests/unit/keyd/test_decisions.py",
        ),
    ),
    "decisions": Target(
        (
            "bti/keyd/authority.py",
            "bti/keyd/ground.py",
            "bti/keyd/denial.py",
            "bti/keyd/quota.py",
            "bti/keyd/evidence.py",
        ),
        (
            "tests/unit/keyd/test_decisions.py",
            "tests/unit/keyd/test_what_is_counted.py",
            "tests/integration/keyd/test_local_broker.py",
        ),
    ),
}
