"""What `make scan` may find is a list with reasons; the scan itself needs tools that are not installed here."""

import math
import re
import subprocess
import tempfile
import tomllib
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from bti.domain.national_id import validate
from scan import tools
from scan.__main__ import main
from scan.answers import Answers, NotScannedError
from scan.attack import Attack, OutOfTimeError
from scan.control import application
from scan.crawl import LEFT_ALONE, Reached, Target, shape
from scan.findings import LIST, Explained, explained, report
from scan.forged import forged
from scan.kept import Kept, Part, code_of
from scan.served import listed
from scan.tools import Finding
from scan.visitor import Page, Visitor, read

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


def test_each_answer_is_listed_with_where_it_leads_and_a_broken_one_is_a_finding(tmp_path):
    def app(environ, start_response):
        path = environ["PATH_INFO"]
        status, to = (
            ("500 Error", []) if path == "/broken" else ("302 Found", [("Location", "/ny?a=1")])
        )
        start_response(status, to)
        return [b""]

    path = tmp_path / "answers.txt"
    answers = Answers(path)
    with path.open("a", encoding="utf-8") as out:
        attacked = listed(app, out.write)
        for asked in ("/broken", "/broken", "/a b\nc"):
            attacked({"REQUEST_METHOD": "GET", "PATH_INFO": asked}, lambda *_: None)
    assert path.read_text(encoding="utf-8").splitlines()[1:] == [
        "500 GET /broken ",
        "302 GET /abc /ny",
    ]
    broken = Finding("server", "Answer 500", "GET /broken", "", "teacher", "2 times")
    assert answers.since("teacher") == ({"302": 1, "500": 2}, [broken])
    assert answers.since("teacher") == ({}, [])


def test_a_scan_that_was_signed_out_says_nothing(tmp_path):
    path = tmp_path / "answers.txt"
    answers = Answers(path)
    inside, outside = "200 GET /worklist \n", "302 GET /worklist /sign-in\n"
    with path.open("a", encoding="utf-8") as out:
        out.write(inside * 9 + outside)
        out.flush()
        assert answers.since("teacher") == ({"200": 9, "302": 1}, [])
        out.write(inside * 8 + outside)
    with pytest.raises(NotScannedError, match="outside"):
        answers.since("teacher")


def a_tree(at):
    (at / "bti" / "web").mkdir(parents=True)
    (at / "scan").mkdir()
    (at / "requirements").mkdir()
    (at / "requirements" / "run.txt").write_text("flask", encoding="utf-8")
    (at / "bti" / "web" / "app.py").write_text("one", encoding="utf-8")
    return at


def test_a_scan_is_taken_up_again_on_the_same_code_and_begins_anew_on_other(tmp_path):
    root = a_tree(tmp_path / "tree")
    kept = Kept(tmp_path / "state", code_of(root))
    tried = Part(
        *("PostgreSQL", "teacher", "POST /danger?about"),
        seconds=2.5,
        answers={"422": 7},
        found=(FOUND,),
        fields=("about", "version"),
    )
    kept.add(tried)
    again = Kept(tmp_path / "state", code_of(root))
    assert again.parts == [tried]
    assert again.has("PostgreSQL", "teacher", "POST /danger?about")
    assert not again.has("SQLite", "teacher", "POST /danger?about")
    assert again.tried("PostgreSQL") == {"POST /danger?about", "about", "version"}
    assert (again.tried("SQLite"), again.found()) == (frozenset(), [FOUND])
    before = code_of(root)
    (root / "scan" / "explained.toml").write_text("a reason", encoding="utf-8")
    assert code_of(root) == before
    (root / "bti" / "web" / "app.py").write_text("two", encoding="utf-8")
    assert code_of(root) != before
    assert Kept(tmp_path / "state", code_of(root)).parts == []


def test_a_part_that_was_cut_while_it_was_written_down_is_done_again(tmp_path):
    kept = Kept(tmp_path, "code")
    kept.add(Part("SQLite", "dpo", "wapiti", count=3, cut=("xss",)))
    kept.add(Part("SQLite", "dpo", "injected"))
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    again = Kept(tmp_path, "code")
    assert [one.name for one in again.parts] == ["wapiti"]
    (line,) = again.table()
    assert line.startswith("SQLite dpo: NOT WHOLE; 3 pages")
    assert line.endswith("wapiti cut: xss")


def test_a_form_is_filled_so_that_it_is_taken_and_what_is_hidden_stays_as_it_is():
    body = (
        '<form action="/a" method="post"><input type="hidden" name="version" value="">'
        '<input name="national_id"><textarea name="why"></textarea></form>'
    )
    (form,) = read(body, "/")[1]
    sent = dict(form.fields)
    assert sent["version"] == ""
    assert validate(sent["national_id"], today=date(2026, 11, 30), synthetic="only")
    assert len(sent["why"]) >= 40


class FormPage(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        other = '<form action="/b"><input name="version" type="hidden" value="99"></form>'
        own = '<form action="/a"><input name="version" type="hidden" value="7"></form>'
        self.wfile.write(f"{other}{own}".encode())

    def log_message(self, *_):
        """Say nothing."""


@pytest.mark.parametrize(
    ("last", "version", "sent"),
    [
        ("", "4", "7"),
        ('<input name="version" value="4">', "4", "4"),
        ("", "4 AND 1=1", "4 AND 1=1"),
    ],
)
def test_a_form_is_sent_with_the_version_that_stands_there_now(last, version, sent):
    mine = "5f3b8a52-9d4e-4c53-8d4c-0a3f9f2f7b10"
    fields = (("version", "4"), ("submission", mine))
    target = Target("POST", "/a", fields, "POST /a?submission,version", page="/page")
    with HTTPServer(("127.0.0.1", 0), FormPage) as server:
        serving = Thread(target=server.handle_request)
        if not last:
            serving.start()
        lines = tools.fresh(f"http://127.0.0.1:{server.server_port}", "st=1", target)
        request = {"lastPage": last, "version": version, "submission": mine}
        exec(re.sub(r"\s*;\s*", "\n", lines), request)  # noqa: S102 - as sqlmap runs what we give it
        if not last:
            serving.join()
    assert request["version"] == sent
    assert request["submission"] != mine
    attacked = {"lastPage": "", "submission": mine + "'"}
    number = Target("POST", "/a", (("submission", mine),), "POST /a?submission")
    exec(tools.fresh("", "", number).replace("; ", "\n"), attacked)  # noqa: S102 - as above
    assert attacked["submission"] == mine + "'"


@pytest.fixture
def attack(monkeypatch, tmp_path):
    """An attack on a demonstration of two forms that is none; what sqlmap was asked stands in ``asked``."""
    forms = tuple(
        Target("POST", at, (("text", "x"),), f"POST {at}?text") for at in ("/one", "/two")
    )

    @contextmanager
    def copy_of(_made, _folder):
        yield 1

    def sqlmap(_base, _cookies, target, _folder, person, *, dbms):
        asked.append((dbms, person, target.address))
        if target.address in fails:
            raise tools.ToolError
        return []

    asked, fails = [], set()
    monkeypatch.setattr("scan.attack.copy_of", copy_of)
    monkeypatch.setattr("scan.attack.signed_in", lambda _person, port: (Visitor(port), "/"))
    monkeypatch.setattr("scan.attack.still_signed_in", lambda *_: True)
    monkeypatch.setattr("scan.attack.crawl", lambda *_: Reached(("/",), forms, 2))
    monkeypatch.setattr("scan.attack.forged", lambda *_: (2, []))
    monkeypatch.setattr(tools, "wapiti", lambda *_: ([], ("xss",)))
    monkeypatch.setattr(tools, "sqlmap", sqlmap)

    def run(people, *, until=math.inf):
        kept = Kept(tmp_path / "state", "code")
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        Attack(None, folder, "SQLite", kept, until).as_one_after_the_other(people)
        return kept

    return SimpleNamespace(run=run, asked=asked, fails=fails)


def test_what_was_done_is_not_done_again_and_what_gave_up_is_left(attack):
    attack.fails.add("/one")
    kept = attack.run(["teacher", "head"])
    # As the head, the form that the teacher's try gave up at is tried again; the other is done.
    assert [at for *_, at in attack.asked] == ["/one", "/two", "/one"]
    assert not kept.whole("SQLite", "teacher")
    attack.fails.clear()
    attack.asked.clear()
    kept = attack.run(["teacher", "head"])
    assert attack.asked == [("SQLite", "teacher", "/one")]
    assert all(kept.whole("SQLite", person) for person in ("teacher", "head"))
    assert [one.name for one in kept.parts].count("wapiti") == 2


def test_nothing_new_is_begun_when_there_is_no_more_time(attack):
    with pytest.raises(OutOfTimeError):
        attack.run(["teacher"], until=0.0)
    assert attack.asked == []


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


@pytest.mark.parametrize(("dbms", "techniques"), [("SQLite", "BEU"), ("PostgreSQL", "BEUST")])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_forms_and_searches_are_tried_by_time_where_the_engine_can_sleep(
    monkeypatch, tmp_path, dbms, method, techniques
):
    asked = []

    def run(command, _seconds, _folder):
        asked.append(command)
        silent = "all tested parameters do not appear to be injectable"
        return subprocess.CompletedProcess(command, 0, silent, "")

    monkeypatch.setattr(tools, "_run", run)
    target = Target(method, "/insight", (("act", "x"),), f"{method} /insight?act")
    assert tools.sqlmap("http://127.0.0.1:1", "", target, tmp_path, "dpo", dbms=dbms) == []
    (command,) = asked
    said = dict(pairwise(command))
    assert (said["--technique"], said["--dbms"]) == (techniques, dbms)
    assert "--smart" not in command


def test_the_hole_that_only_time_shows_answers_the_same_whatever_is_asked():
    def answered(wanted):
        sent = f"id={quote(wanted)}".encode()
        environ = {"PATH_INFO": "/wait", "QUERY_STRING": "", "wsgi.input": BytesIO(sent)}
        return b"".join(application(environ | {"CONTENT_LENGTH": len(sent)}, lambda *_: None))

    assert answered("1") == answered("1 or 1=1") == answered("'") == answered("2 from pg_sleep(0)")
    assert b"Thank you" in answered("1")


@pytest.mark.parametrize("seconds", ["0", "-5", "many"])
def test_a_time_that_is_none_is_refused_and_not_taken_for_no_limit(monkeypatch, seconds):
    monkeypatch.setattr("sys.argv", ["scan", "--seconds", seconds])
    with pytest.raises(SystemExit):
        main()
