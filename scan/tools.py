"""Run wapiti and sqlmap as the programs they are, and read what they report.

Both are GPL. They live in an environment of their own, `.venv-scan`, and nothing of them is imported.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from scan.crawl import LEFT_ALONE, Target, shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BIN = Path(__file__).parents[1] / ".venv-scan" / "bin"
#: Not among them: methods (reports every form and breaks on its own report), what learns its result from a
#: server elsewhere (ssrf), guesses passwords or file names, needs TLS, or decides by time (timesql), which a
#: busy machine answers wrongly. xxe judges by what comes back in the answer.
MODULES = (
    *("cookieflags", "csp", "csrf", "http_headers"),
    *("crlf", "exec", "file", "permanentxss", "redirect", "sql", "upload", "xss", "xxe"),
)
_CRAWL_S = 120
#: For each module; what a module has not reached by then it leaves, and is named.
_MODULE_S = 40
#: By time each parameter takes many pauses.
_SQLMAP_S = 1200
#: What is tried on each engine. By time sqlmap can do no more with SQLite than keep it busy, which is not
#: told from a busy machine.
TECHNIQUES = {"SQLite": "BEU", "PostgreSQL": "BEUST"}
_SLEEP_S = 5
#: For one answer, on a machine that gives this what others leave.
_ANSWER_S = 120
_CUT = re.compile(r"Max (?:attack|scan) time was reached(?: for module (\w+))?")
_NOTHING = "all tested parameters do not appear to be injectable"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a tool says it has found. ``where`` is the same for the same handler."""

    tool: str
    kind: str
    where: str
    parameter: str
    person: str
    proof: str = ""


class ToolError(Exception):
    """A tool did not run to its end, so that its silence says nothing."""


def versions() -> str:
    """Say which versions are used."""
    said = []
    for name in ("wapiti", "sqlmap"):
        lines = _run([name, "--version"], _SQLMAP_S, Path.cwd()).stdout.split()
        said.append(f"{name} {lines[-1].partition('#')[0]}")
    return ", ".join(said)


def wapiti(
    base: str, cookies: str, pages: Sequence[str], folder: Path, person: str
) -> tuple[list[Finding], tuple[str, ...]]:
    """Attack pages and their forms; return findings, and the modules that had more to send than time.

    "crawl" among these: not every link was followed. Raises ToolError when there is no report.
    """
    report = folder / "wapiti.json"
    command = [
        "wapiti",
        "-u",
        f"{base}/",
        "--scope",
        "domain",
        "-d",
        "1",
        "-v",
        "1",
        "--no-bugreport",
    ]
    command += [part for page in pages for part in ("-s", base + page)]
    command += [part for one in LEFT_ALONE for part in ("-x", f"{base}{one}*")]
    command += ["--max-scan-time", str(_CRAWL_S), "--max-attack-time", str(_MODULE_S)]
    command += ["--max-files-per-dir", "12", "-S", "normal", "-m", ",".join(MODULES)]
    command += ["--timeout", str(_ANSWER_S)]
    # Not --drop-set-cookie: it takes the session's cookie out of every request too.
    command += ["--endpoint", f"{base}/nobody"]
    command += [
        "--store-session",
        str(folder / "session"),
        "--store-config",
        str(folder / "config"),
    ]
    command += ["-f", "json", "-o", str(report)]
    if cookies:
        command += ["-C", cookies]
    done = _run(command, _CRAWL_S + 2 * _MODULE_S * len(MODULES) + 60, folder)
    if not report.exists():
        raise ToolError(f"wapiti as {person}: {done.stdout[-500:]}{done.stderr[-500:]}")
    cut = sorted({one or "crawl" for one in _CUT.findall(done.stdout)})
    found = list(_from_wapiti(json.loads(report.read_text(encoding="utf-8")), person))
    return found, tuple(cut)


def _from_wapiti(
    report: dict[str, dict[str, list[dict[str, str]]]], person: str
) -> Iterable[Finding]:
    for group in ("vulnerabilities", "anomalies", "additionals"):
        for kind, found in report.get(group, {}).items():
            for one in found:
                where = shape(one["method"], one["path"]).partition("?")[0]
                proof = f"{one['info']} | {one.get('http_request', '')}"
                yield Finding("wapiti", kind, where, one.get("parameter") or "", person, proof)


def sqlmap(
    base: str,
    cookies: str,
    target: Target,
    folder: Path,
    person: str,
    *,
    dbms: str,
) -> list[Finding]:
    """Try every parameter of one address but those in ``target.known``. Raises ToolError when it gives up."""
    command = ["sqlmap", "-u", base + target.address, "--batch", "--level", "1", "--risk", "1"]
    command += ["--technique", TECHNIQUES[dbms], "--time-sec", str(_SLEEP_S)]
    command += ["--timeout", str(_ANSWER_S)]
    command += ["--dbms", dbms, "--drop-set-cookie", "--flush-session"]
    command += ["--ignore-redirects", "--ignore-code", "*", "--disable-coloring", "--skip-waf"]
    command += [
        "--skip",
        ",".join(sorted({"csrf_token"} | target.known)),
        "--output-dir",
        str(folder / "sqlmap"),
    ]
    command += ["--time-limit", str(_SQLMAP_S)]
    if cookies:
        command += ["--cookie", cookies, "--param-exclude", "^(st_|csrf)"]
    sent = urlencode(target.fields)
    if lines := fresh(base, cookies, target):
        command += ["--eval", lines]
    if target.method == "POST":
        command += ["--data", sent, "--method", "POST"]
    elif sent:
        command[2] = base + target.address + ("&" if urlsplit(target.address).query else "?") + sent
    said = _run(command, _SQLMAP_S + 60, folder).stdout
    found = list(_from_sqlmap(said, target, person))
    if not found and _NOTHING not in said:
        raise ToolError(f"sqlmap as {person} at {target.shape}: {said[-600:]}")
    return found


def fresh(base: str, cookies: str, target: Target) -> str:
    """Return lines of Python, for sqlmap before each request, that let a form reach its handler each time.

    Each form is taken once, and its version is spent by the first write: a number of its own, and the version that stands
    in the form now unless the last answer was the form again. A value that did not stand there is sqlmap's own, and stays.
    """
    sent = dict(target.fields)
    lines = []
    if "submission" in sent:
        lines.append("import uuid")
        was = sent["submission"]
        lines.append(f"submission = str(uuid.uuid4()) if submission == {was!r} else submission")
    if "version" in sent and target.method == "POST" and sent["version"]:
        host, name = urlsplit(base).netloc, "name=.version.[^>]*value=.([^ >\"']+)"
        own = f"action=.{re.escape(target.address)}[\"'].*?{name}"
        ask = (
            f"(lambda line: (line.request('GET', {target.page!r}, headers={{'Cookie': {cookies!r}}}),"
            " line.getresponse().read().decode('utf-8', 'replace'))[1])"
            f"(http.client.HTTPConnection({host!r}, timeout={_ANSWER_S}))"
        )
        # In lists, as sqlmap takes every new text or number for a field of the form.
        lines += ["import http.client, re"]
        lines += [f"the_page = [lastPage if 'name=\"version\"' in (lastPage or '') else {ask}]"]
        lines += [
            f"the_now = [re.search({own!r}, the_page[0], re.S) or re.search({name!r}, the_page[0])]"
        ]
        was = sent["version"]
        lines += [f"version = the_now[0][1] if the_now[0] and version == {was!r} else version"]
    return "; ".join(lines)


def _from_sqlmap(said: str, target: Target, person: str) -> Iterable[Finding]:
    where = target.shape.partition("?")[0]
    place = ""
    for line in said.splitlines():
        if line.startswith("Parameter: "):
            place = line.removeprefix("Parameter: ").partition(" ")[0]
        elif line.strip().startswith("Title: ") and place:
            yield Finding("sqlmap", "SQL injection", where, place, person, line.strip())


def _run(command: list[str], seconds: float, folder: Path) -> subprocess.CompletedProcess[str]:
    # No proxy, and a home of its own: only this machine is spoken with, nothing is left behind.
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    try:
        return subprocess.run(  # noqa: S603 - the two programs of .venv-scan
            [str(_BIN / command[0]), *command[1:]],
            cwd=folder,
            env=kept | {"HOME": str(folder), "NO_PROXY": "*", "SQLMAP_UNSAFE_EVAL": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise ToolError(f"{command[0]} took more than {seconds:.0f} s") from late
