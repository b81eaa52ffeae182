"""What `make scan` may find is a list with reasons; the scan itself needs tools that are not installed here."""

import subprocess
import tomllib
from itertools import pairwise

import pytest

from scan import tools
from scan.__main__ import main
from scan.answers import NotScannedError, answered
from scan.crawl import LEFT_ALONE, Target, shape
from scan.findings import LIST, Explained, explained, report
from scan.forged import forged
from scan.served import listed
from scan.tools import Finding
from scan.visitor import Page

FOUND = Finding("wapiti", "Reflected Cross Site Scripting", "GET /say", "word", "control")
KNOWN = Explained("wapiti", FOUND.kind, "GET /say", "*", "*", "a reason in several words")


def test_every_explained_finding_has_a_reason_and_names_one_kind():
    entries = tomllib.loads(LIST.read_text(encoding="utf-8")).get("finding", [])
    assert len(explained()) == len(entries)


def test_a_list_that_explains_everything_or_nothing_is_refused(tmp_path):
    entry = (
        '[[finding]]\ntool="wapiti"\nkind="{}"\nwhere="*"\nparameter="*"\nproof="*"\nreason="{}"\n'
    )
    for kind, reason in (("*", "a reason in several words"), ("SQL Injection", "known")):
        path = tmp_path / "list.toml"
        path.write_text(entry.format(kind, reason), encoding="utf-8")
        with pytest.raises(ValueError, match="not an explained finding"):
            explained(path)


def test_a_finding_counts_until_it_is_explained(capsys):
    assert report([FOUND], []) == 1
    assert report([FOUND], [KNOWN]) == 0
    assert report([Finding("sqlmap", FOUND.kind, "GET /say", "word", "control")], [KNOWN]) == 1
    assert "NOT EXPLAINED" in capsys.readouterr().out


def test_addresses_that_differ_in_ids_and_values_alone_are_of_one_shape():
    one = "/cases/df83bb25-1e45-4d10-84db-0b4d5fff3973/notes/new?version=3"
    other = "/cases/7b24208b-62bb-40ec-b279-87fadcffde26/notes/new?version=17"
    assert shape("POST", one) == shape("POST", other) == "POST /cases/ID/notes/new?version"
    assert shape("GET", one) != shape("POST", one)
    assert all(LEFT_ALONE.values())


def test_each_answer_is_listed_with_where_it_leads_and_a_broken_one_is_a_finding(tmp_path, capsys):
    def app(environ, start_response):
        path = environ["PATH_INFO"]
        status, to = (
            ("500 Error", []) if path == "/broken" else ("302 Found", [("Location", "/ny?a=1")])
        )
        start_response(status, to)
        return [b""]

    path = tmp_path / "answers.txt"
    with path.open("a", encoding="utf-8") as answers:
        attacked = listed(app, answers.write)
        for asked in ("/broken", "/broken", "/a b\nc"):
            attacked({"REQUEST_METHOD": "GET", "PATH_INFO": asked}, lambda *_: None)
    assert path.read_text(encoding="utf-8").splitlines()[1:] == [
        "500 GET /broken ",
        "302 GET /abc /ny",
    ]
    assert answered(path, "teacher") == [
        Finding("server", "Answer 500", "GET /broken", "", "teacher", "2 times")
    ]
    assert "3 requests answered: 1 x 302, 2 x 500; 0 were" in capsys.readouterr().out


def test_a_scan_that_was_signed_out_says_nothing(tmp_path):
    path = tmp_path / "answers.txt"
    inside, outside = "200 GET /worklist \n", "302 GET /worklist /sign-in\n"
    path.write_text(inside * 9 + outside, encoding="utf-8")
    assert answered(path, "teacher") == []
    path.write_text(inside * 8 + outside, encoding="utf-8")
    with pytest.raises(NotScannedError, match="outside"):
        answered(path, "teacher")


def test_a_form_that_is_taken_without_its_token_is_a_finding():
    class Careless:
        def post(self, address, fields):
            taken = address == "/open" and "csrf_token" not in dict(fields)
            return Page(303 if taken else 400, "", "", "text/html")

    fields = (("csrf_token", "right"), ("text", "x"))
    targets = [
        Target("POST", at, fields, f"POST {at}?csrf_token,text") for at in ("/open", "/shut")
    ]
    targets.append(Target("GET", "/open", (("q", "x"),), "GET /open?q"))
    sent, found = forged(Careless(), targets, "teacher")
    assert sent == 2
    assert [(one.kind, one.where, one.proof) for one in found] == [
        ("Forged form", "POST /open", "answered 303 to ()")
    ]


@pytest.mark.parametrize(
    ("dbms", "method", "hurried", "techniques"),
    [
        ("SQLite", "GET", True, "BEU"),
        ("SQLite", "POST", False, "BEU"),
        ("PostgreSQL", "GET", True, "BEUST"),
        ("PostgreSQL", "POST", True, "BEU"),
    ],
)
def test_searches_are_tried_by_time_where_the_engine_can_sleep(
    monkeypatch, tmp_path, dbms, method, hurried, techniques
):
    asked = []

    def run(command, _seconds, _folder):
        asked.append(command)
        silent = "all tested parameters do not appear to be injectable"
        return subprocess.CompletedProcess(command, 0, silent, "")

    monkeypatch.setattr(tools, "_run", run)
    target = Target(method, "/insight", (("act", "x"),), f"{method} /insight?act")
    found = tools.sqlmap(
        "http://127.0.0.1:1", "", target, tmp_path, "dpo", dbms=dbms, in_a_hurry=hurried
    )
    assert found == []
    (command,) = asked
    said = dict(pairwise(command))
    assert (said["--technique"], said["--dbms"]) == (techniques, dbms)
    assert ("--smart" in command) == (hurried and "T" not in techniques)


@pytest.mark.parametrize("seconds", ["0", "-5", "many"])
def test_a_time_that_is_none_is_refused_and_not_taken_for_no_limit(monkeypatch, seconds):
    monkeypatch.setattr("sys.argv", ["scan", "--seconds", seconds])
    with pytest.raises(SystemExit):
        main()
