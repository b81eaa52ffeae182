import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bti.audit import verify
from bti.audit.note import Checkpoint, VerifierKey, open_note, sign_checkpoint
from bti.audit.verify import main, verify_export
from bti.audit.verify.alone import NAME, write_alone
from tests.unit.audit.logs import ORIGIN, TENANT, VERIFIER_KEY, Export, a_leaf, entries, signed

COUNT = 24
LEAVES = entries(COUNT)
EACH = signed(LEAVES, range(1, COUNT + 1))
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path).write(LEAVES, EACH)


def run(export: Export, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    status = main([str(export.directory), "--key", VERIFIER_KEY, *more])
    return status, capsys.readouterr().out


def test_an_intact_export_is_told_in_one_line(export: Export, capsys: pytest.CaptureFixture[str]):
    status, out = run(export, capsys, "--tenant", TENANT)
    assert status == 0
    assert out.startswith("intact: 24 entries, root ")
    assert out.endswith(f"until {a_leaf(COUNT - 1).t}\n")


def cut_leaves(directory: Path) -> None:
    lines = (directory / "leaves.ndjson").read_bytes().splitlines(keepends=True)
    (directory / "leaves.ndjson").write_bytes(b"".join(lines[:-1]))


def replace_line(directory: Path, line: bytes) -> None:
    lines = (directory / "leaves.ndjson").read_bytes().splitlines(keepends=True)
    lines[4] = line
    (directory / "leaves.ndjson").write_bytes(b"".join(lines))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (cut_leaves, "entry 23: missing"),
    "not base64": (lambda d: replace_line(d, b'"!"\n'), "entry 4: edited"),
    "empty line": (lambda d: replace_line(d, b"\n"), "entry 4: edited"),
    "space": (
        lambda d: replace_line(d, verify.leaf_line(LEAVES[4]).encode()[:-1] + b" \n"),
        "entry 4: edited",
    ),
    "endless line": (lambda d: replace_line(d, b"A" * (3 << 20) + b"\n"), "entry 4: edited"),
    "no leaves": (lambda d: (d / "leaves.ndjson").write_bytes(b""), "entry 0: missing"),
    "no file": (lambda d: (d / "leaves.ndjson").unlink(), "missing: "),
    "no checkpoint": (lambda d: (d / "checkpoint").unlink(), "missing: "),
    "empty checkpoint": (lambda d: (d / "checkpoint").write_bytes(b""), "entry 24: signature"),
    "other checkpoint": (
        lambda d: (d / "checkpoint").write_text(
            sign_checkpoint(Checkpoint(ORIGIN, COUNT, bytes(32)), OTHER), "utf-8"
        ),
        "entry 24: signature",
    ),
    "kept not JSON": (
        lambda d: (d / "checkpoints.ndjson").write_bytes(b"{\n"),
        "entry 0: signature",
    ),
    "kept not text": (
        lambda d: (d / "checkpoints.ndjson").write_bytes(b"1\n"),
        "entry 0: signature",
    ),
    "other key": (
        lambda d: (d / "keys").write_text(VerifierKey.of(ORIGIN, OTHER).encode() + "\n", "utf-8"),
        "entry 0: signature",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_export_is_told_with_its_place(
    export: Export, capsys: pytest.CaptureFixture[str], damage: str
):
    inflict, told = DAMAGE[damage]
    inflict(export.directory)
    status, out = run(export, capsys)
    assert status == 1
    assert out.startswith(f"NOT intact: {told}")


def test_lines_that_came_through_another_system_are_the_same_lines(export: Export):
    for name in ("leaves.ndjson", "checkpoints.ndjson"):
        raw = (export.directory / name).read_bytes()
        (export.directory / name).write_bytes(raw.replace(b"\n", b"\r\n"))
    assert verify_export(export.directory, VERIFIER_KEY).intact


def test_a_key_is_never_taken_from_the_directory(
    export: Export, capsys: pytest.CaptureFixture[str]
):
    resigned = [
        sign_checkpoint(open_note(note, [VerifierKey.parse(VERIFIER_KEY)]), OTHER) for note in EACH
    ]
    export.write(LEAVES, resigned)
    (export.directory / "keys").write_text(VerifierKey.of(ORIGIN, OTHER).encode() + "\n", "utf-8")
    assert run(export, capsys)[0] == 1
    (export.directory / "keys").unlink()
    assert run(export, capsys)[0] == 1
    with pytest.raises(SystemExit) as refusal:
        main([str(export.directory)])
    assert refusal.value.code == 2


def test_an_export_cut_back_to_an_older_state_is_shown_by_a_kept_checkpoint(
    export: Export, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
):
    kept = tmp_path_factory.mktemp("kept") / "checkpoint"
    kept.write_text(EACH[14], "utf-8")
    assert run(export, capsys, "--known", str(kept))[0] == 0
    export.write(LEAVES[:10], EACH[:10])
    assert run(export, capsys)[0] == 0
    status, out = run(export, capsys, "--known", str(kept))
    assert (status, out.startswith("NOT intact: entries 10-14: missing")) == (1, True)


def test_a_wrong_key_text_is_a_wrong_call(export: Export, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as refusal:
        main([str(export.directory), "--key", "nonsense"])
    assert refusal.value.code == 2
    assert "--key" in capsys.readouterr().err


# As `python verify.pyz ...`; and nothing of the application may come from anywhere else.
WITHOUT = """
import runpy, sys
sys.argv.pop(0)
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    ours = [module for name, module in sys.modules.items() if name.split(".")[0] == "bti"]
    assert ours and all(module.__file__.startswith(sys.argv[0]) for module in ours)
"""


def test_the_file_alone_verifies_in_an_isolated_python_without_the_application(export: Export):
    alone = export.directory / NAME
    write_alone(alone)
    command = [sys.executable, "-I", "-c", WITHOUT, str(alone), ".", "--key", VERIFIER_KEY]
    good = subprocess.run(
        command, cwd=export.directory, capture_output=True, text=True, check=False
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("intact: 24 entries")
    cut_leaves(export.directory)
    bad = subprocess.run(command, cwd=export.directory, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stderr) == (1, "")
    assert bad.stdout.startswith("NOT intact: entry 23: missing")


def test_the_file_is_the_same_whenever_it_is_packed_and_never_written_over(tmp_path: Path):
    for name in ("one", "other"):
        write_alone(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    with pytest.raises(FileExistsError):
        write_alone(tmp_path / "one")


@pytest.mark.parametrize("module", sorted(Path(verify.__file__).parent.glob("*.py")), ids=str)
def test_the_verifier_needs_only_the_standard_library_and_cryptography(module: Path):
    tree = ast.parse(module.read_text("utf-8"))
    needed = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    foreign = {
        name
        for name in needed
        if name.split(".")[0] not in sys.stdlib_module_names | {"cryptography"}
    }
    assert {name for name in foreign if not name.startswith("bti.audit.verify.")} == set()
