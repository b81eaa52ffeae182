"""A package that was exchanged behind its name is refused: every lock names hashes."""

import re
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def wheel(folder, content):
    """A tiny package, built by hand."""
    path = folder / "lille-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("lille.py", content)
        made.writestr(
            "lille-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: lille\nVersion: 1.0\n"
        )
        made.writestr(
            "lille-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        made.writestr("lille-1.0.dist-info/RECORD", "")
    return path


def install(folder, digest):
    lock = folder / "lock.txt"
    lock.write_text(f"lille==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-index",
        "--no-deps",
    ]
    return subprocess.run(
        [*command, "--find-links", str(folder), "--target", str(folder / "here"), "-r", str(lock)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_exchanged_package_is_refused(tmp_path):
    honest = sha256(wheel(tmp_path, "WHO = 'us'").read_bytes()).hexdigest()
    wheel(tmp_path, "WHO = 'somebody else'")

    refused = install(tmp_path, honest)

    assert refused.returncode != 0
    assert "DO NOT MATCH" in refused.stderr
    assert not (tmp_path / "here" / "lille.py").exists()


def test_the_package_that_was_locked_is_installed(tmp_path):
    taken = install(tmp_path, sha256(wheel(tmp_path, "WHO = 'us'").read_bytes()).hexdigest())

    assert taken.returncode == 0, taken.stderr
    assert (tmp_path / "here" / "lille.py").exists()


@pytest.mark.parametrize("lock", LOCKS, ids=[path.name for path in LOCKS])
def test_every_line_of_every_lock_has_a_version_and_hashes(lock):
    lines = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
    packages = [line for line in lines if not line.startswith("#")]

    assert packages
    for package in packages:
        assert re.match(
            r"[a-z0-9._-]+==[^ ]+( ;[^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}", package
        ), package


def test_what_installs_asks_for_hashes():
    installs = re.findall(
        r"install .*-r requirements/.*", (ROOT / "Makefile").read_text(encoding="utf-8")
    )

    assert installs
    assert all("--require-hashes" in line for line in installs)
