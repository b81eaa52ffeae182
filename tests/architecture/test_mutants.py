"""`make mutants` names modules and tests that exist, and its list of equivalents is not stale."""

import signal
from pathlib import Path

import pytest

from mutants.__main__ import equivalents
from mutants.changes import mutants_of, mutated
from mutants.forks import forked
from mutants.targets import NOT_TRIED, TARGETS, targets_named

ROOT = Path(__file__).parents[2]
#: A little of everything that is changed.
SAMPLE = """
LIMIT = 3

def may(facts, at):
    '''A text for people.'''
    if facts is None or at < LIMIT:
        raise ValueError("a sentence for people")
    check(facts)
    return [one for one in facts if one.live]
"""


def source(module):
    return (ROOT / module).read_text(encoding="utf-8")


def test_every_module_and_every_test_of_a_target_exists_and_is_named_once():
    modules = [module for target in TARGETS.values() for module in target.modules]

    assert len(modules) == len(set(modules))
    for target in TARGETS.values():
        for path in (*target.modules, *target.tests):
            assert (ROOT / path).is_file(), path
        assert all(path.startswith("bti/") for path in target.modules)
        for path, _, test in (one.partition("::") for one in target.left_out):
            assert path in target.tests
            assert f"def {test}(" in source(path)
        assert all(Path(path).name.startswith("test_") for path in target.tests)


def test_what_guards_a_child_is_among_them():
    modules = {module for target in TARGETS.values() for module in target.modules}

    assert modules >= {
        "bti/crypto/envelope.py",
        "bti/domain/access.py",
        "bti/keyd/authority.py",
        "bti/keyd/grants.py",
        "bti/keyd/approvals.py",
        "bti/audit/tree.py",
        "bti/audit/note.py",
        "bti/audit/signer.py",
    }


def test_every_module_of_the_broker_is_tried_or_is_named_with_the_reason_why_not():
    tried = {module for target in TARGETS.values() for module in target.modules}
    broker = {f"bti/keyd/{path.name}" for path in (ROOT / "bti/keyd").glob("[!_]*.py")}

    assert not tried & NOT_TRIED.keys()
    assert {one for one in tried if one.startswith("bti/keyd/")} | NOT_TRIED.keys() == broker
    assert all(len(reason.split()) > 5 for reason in NOT_TRIED.values())


def test_one_that_waits_for_what_never_comes_is_ended_and_one_that_works_is_not():
    def wait():
        signal.pause()
        return 0

    def work():
        return 0 if sum(range(3_000_000)) else 1

    assert forked(wait, still=0.1) == -signal.SIGKILL
    assert forked(work, still=600) == 0


def test_a_target_is_named_whole_or_for_some_of_its_modules():
    assert targets_named(["tree"]) == {"tree": TARGETS["tree"]}
    one = targets_named(["tree/proof"])["tree/proof"]
    assert (one.modules, one.tests) == (("bti/audit/proof.py",), TARGETS["tree"].tests)
    both = targets_named(["tree/proof,tree"])["tree/proof,tree"]
    assert both.modules == ("bti/audit/proof.py", "bti/audit/tree.py")
    for unknown in ("forest", "tree/quota", "tree/proof,quota", "forest/tree"):
        with pytest.raises(LookupError, match=f"^{unknown}$"):
            targets_named([unknown])


def test_every_equivalent_is_a_mutant_that_is_made_and_says_why_it_changes_nothing():
    for module, listed in equivalents().items():
        made = {mutant.name for mutant in mutants_of(source(module))}
        for name, reason in listed.items():
            assert name in made, name
            assert len(reason.split()) > 5, name


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("if facts is None or at < LIMIT:", "if facts is None and at < LIMIT:"),
        ("if facts is None or at < LIMIT:", "if at < LIMIT:"),
        ("if facts is None or at < LIMIT:", "if facts is None or at <= LIMIT:"),
        ("if facts is None or at < LIMIT:", "if facts is not None or at < LIMIT:"),
        ("raise ValueError('a sentence for people')", "pass"),
        ("check(facts)", "pass"),
        ("return [one for one in facts if one.live]", "return [one for one in facts]"),
    ],
)
def test_a_change_is_one_change_that_can_be_run(was, becomes):
    [mutant] = [one for one in mutants_of(SAMPLE) if (one.was, one.becomes) == (was, becomes)]
    space = {"check": lambda _facts: None}

    exec(compile(mutated(SAMPLE, mutant), "sample", "exec"), space)  # noqa: S102 - our own sample

    assert callable(space["may"])
    assert mutant.inside is (mutant.where == "may")


def test_what_only_the_type_checker_reads_is_left_alone():
    names = (
        "T = TypeVar('T', bound='A')\nColumns = dict[str, bytes]\nA = cast('Table', one.table)\n"
    )

    assert [one.was for one in mutants_of(names + "KINDS = {'a': 1}['a']")] == [
        "KINDS = {'a': 1}['a']"
    ] * 4


def test_no_text_for_people_is_changed_and_no_two_mutants_have_one_name():
    made = mutants_of(SAMPLE)

    assert not [one for one in made if "peopleX" in one.becomes]
    for text in (SAMPLE, source("bti/audit/state.py")):
        found = mutants_of(text)
        assert len({one.name for one in found}) == len(found)
