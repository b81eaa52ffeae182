"""A package is whole or it is said what is wrong with it: any changed byte, any file more or less, any other key."""

import json
import os
import shutil
import uuid
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bti.archive import package
from bti.archive.extract import ExtractError, ProvenEntry, check, extract_text
from bti.archive.message import CaseFacts, FileFact, Party, message_xml
from bti.archive.package import PackageError, Statement, check_path, key_name, read_manifest
from bti.archive.schema import ENTRY, SchemaError, schema_faults
from bti.archive.structure import faults_of
from bti.archive.verify import Damage, sha256_of, verify
from bti.audit.note import Checkpoint, VerifierKey, sign_checkpoint, sign_note
from bti.audit.tree import inclusion_proof, leaf_hash, root_of

TENANT = uuid.UUID(int=7, version=4)
AT = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
NAME = key_name(TENANT)
VERIFIER = VerifierKey.of(NAME, KEY)
LOG = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
ORIGIN = f"stafett/{TENANT}/1"
LOG_KEY = VerifierKey.of(ORIGIN, LOG)
CASE = CaseFacts(
    case_id=uuid.UUID(int=9, version=4),
    number="1234-5678",
    title="Stafettlogg – Áhkku <Čáhppes> & co\x01",
    unit="Bakken skole",
    opened_at=AT,
    closed_at=AT,
    closed_by="Bakken skole",
    secrecy="offentleglova § 13, forvaltningsloven § 13",
    parties=(Party("BARN", "Áhkku", "17841398765"), Party("FORESATT", "Maria")),
)


def extract(entries=(b'{"act":"case:open:read"}', b'{"act":"case:status:close"}')):
    """Three entries of a log, of which the case has the first and the last."""
    leaves = [leaf_hash(one) for one in (entries[0], b"another", entries[1])]
    note = sign_checkpoint(Checkpoint(ORIGIN, 3, root_of(leaves)), LOG)
    told = [
        ProvenEntry(0, entry, index, inclusion_proof(leaves, index))
        for entry, index in zip(entries, (0, 2), strict=True)
    ]
    return extract_text([note], told)


def build(folder):
    """A whole package with one attached file."""
    parts = {
        package.LOG_PAGE: b"<!doctype html><title>x</title>",
        package.LOG: b"{}\n",
        package.CONSENTS: b"{}\n",
        package.OWN_PAGE: b"<!doctype html><title>y</title>",
        package.OWN: b"{}\n",
        package.ACCESSES: extract().encode(),
        "log/files/00000000-0000-4000-8000-000000000001.pdf": b"%PDF-1.7 hei",
    }
    for path, content in parts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    put(folder, package.MESSAGE, message(folder, parts))
    seal(folder)
    return folder


def message(folder, paths):
    files = [
        FileFact(
            path=path,
            title=path,
            mime="text/plain",
            size=(folder / path).stat().st_size,
            sha256=sha256_of(folder / path),
            made_at=AT,
            made_by="Ingrid",
            main=path == package.LOG_PAGE,
        )
        for path in sorted(paths)
    ]
    return message_xml(CASE, files)


def put(folder, path, content):
    (folder / path).write_bytes(content)


def seal(folder, key=KEY, name=NAME):
    """Write manifest and signature over what lies there."""
    for name_of in (package.MANIFEST, package.NOTE):
        (folder / name_of).unlink(missing_ok=True)
    paths = [one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()]
    manifest = package.manifest_text({path: sha256_of(folder / path) for path in paths})
    put(folder, package.MANIFEST, manifest.encode())
    statement = Statement.about(TENANT, "1234-5678", manifest)
    put(folder, package.NOTE, sign_note(statement.text, name, key).encode())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One package for every test that only looks, or puts back what it changed."""
    return build(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def copy(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "package")
    return tmp_path / "package"


def damages(folder, keys=(VERIFIER,), **more):
    return [(one.damage, one.path) for one in verify(folder, keys, **more).faults]


def test_a_whole_package_holds_with_the_keys_of_package_and_log(whole):
    report = verify(whole, [VERIFIER], log_keys=[LOG_KEY])
    assert (report.holds, report.faults) == (True, ())
    assert (report.statement.tenant, report.statement.number) == (TENANT, "1234-5678")
    assert report.statement.files == 8


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_is_found_wherever_it_is(whole, data):
    files = sorted(one for one in whole.rglob("*") if one.is_file())
    file = data.draw(st.sampled_from(files))
    before = file.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    changed = bytearray(before)
    changed[place] ^= data.draw(st.integers(1, 255))
    cut = before[:place]
    try:
        for content in (bytes(changed), cut, before + b"\n"):
            file.write_bytes(content)
            report = verify(whole, [VERIFIER])
            assert not report.holds
            assert report.faults
    finally:
        file.write_bytes(before)


def test_each_kind_of_damage_is_called_by_its_name(copy):
    page = copy / package.LOG_PAGE
    page.unlink()
    assert damages(copy) == [(Damage.MISSING, package.LOG_PAGE)]
    page.symlink_to(copy / package.LOG)
    assert damages(copy) == [(Damage.CHANGED, package.LOG_PAGE)]
    page.unlink()
    page.write_bytes(b"another")
    put(copy, "own/more.txt", b"x")
    assert damages(copy) == [(Damage.ADDED, "own/more.txt"), (Damage.CHANGED, package.LOG_PAGE)]
    (copy / package.MANIFEST).write_bytes(b"")
    assert damages(copy) == [(Damage.MANIFEST_CHANGED, package.MANIFEST)]
    (copy / package.MANIFEST).unlink()
    assert damages(copy) == [(Damage.MISSING, package.MANIFEST)]
    note = copy / package.NOTE
    note.write_bytes(note.read_bytes()[:-9])
    assert damages(copy) == [(Damage.NOTE_BROKEN, package.NOTE)]
    note.unlink()
    assert damages(copy) == [(Damage.UNSIGNED, package.NOTE)]
    assert damages(copy / "nowhere") == [(Damage.NO_FOLDER, "")]


@pytest.mark.parametrize(
    ("path", "damage"),
    [(package.NOTE, Damage.NOTE_BROKEN), (package.MANIFEST, Damage.MANIFEST_CHANGED)],
)
@pytest.mark.parametrize("put_there", [os.mkfifo, os.mkdir])
def test_what_is_no_file_where_a_text_should_be_is_said_and_not_waited_for(
    copy, path, damage, put_there
):
    (copy / path).unlink()
    put_there(copy / path)
    [found] = verify(copy, [VERIFIER]).faults
    assert found.damage is damage


def test_another_key_and_another_municipalitys_key_vouch_for_nothing(copy):
    stranger = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    assert damages(copy, [VerifierKey.of(NAME, stranger)]) == [(Damage.WRONG_KEY, package.NOTE)]
    neighbour = key_name(uuid.UUID(int=8, version=4))
    seal(copy, stranger, neighbour)
    assert damages(copy, [VerifierKey.of(neighbour, stranger)]) == [
        (Damage.WRONG_KEY, package.NOTE)
    ]
    # Nor does the key of the log, which signs checkpoints and no packages.
    assert damages(copy, [LOG_KEY]) == [(Damage.WRONG_KEY, package.NOTE)]


@pytest.mark.parametrize(
    ("path", "content", "damage"),
    [
        (package.MESSAGE, b"<arkivmelding", Damage.MESSAGE_BROKEN),
        (package.MESSAGE, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", Damage.MESSAGE_BROKEN),
        (package.MESSAGE, b"<arkivmelding/>", Damage.MESSAGE_BROKEN),
        (package.ACCESSES, b"{}\n", Damage.ACCESSES_BROKEN),
        (package.ACCESSES, b"not json\n", Damage.ACCESSES_BROKEN),
    ],
)
def test_what_was_signed_broken_is_found_broken(copy, path, content, damage):
    put(copy, path, content)
    if path != package.MESSAGE:
        files = [one.relative_to(copy).as_posix() for one in copy.rglob("*") if one.is_file()]
        own = {package.MESSAGE, package.MANIFEST, package.NOTE}
        put(copy, package.MESSAGE, message(copy, set(files) - own))
    seal(copy)
    assert damages(copy) == [(damage, path)]


def test_data_that_is_cut_and_a_manifest_without_a_part_are_found_although_signed(copy):
    put(copy, package.LOG, b"{")
    seal(copy)
    assert (Damage.DATA_BROKEN, package.LOG) in damages(copy)
    (copy / package.OWN).unlink()
    seal(copy)
    assert damages(copy) == [(Damage.MANIFEST_BROKEN, package.MANIFEST)]


def test_an_entry_at_another_place_or_under_another_log_proves_nothing():
    lines = extract().splitlines()
    assert check([one.encode() for one in lines], [LOG_KEY]) == 2
    with pytest.raises(ExtractError):
        check([one.encode() for one in lines], [VERIFIER])
    moved = json.loads(lines[1]) | {"index": 1}
    other = json.loads(lines[1]) | {"entry": '{"act":"case:open:reae"}'}
    for broken in (moved, other, json.loads(lines[1]) | {"checkpoint": 1}):
        with pytest.raises(ExtractError, match="line 2"):
            check([lines[0].encode(), json.dumps(broken).encode()], [])


@given(st.text(max_size=40))
@example("../x")
@example("log/../x")
@example("/etc/passwd")
@example(package.NOTE)
def test_only_plain_paths_lie_in_a_package(path):
    try:
        check_path(path)
    except PackageError:
        return
    assert ".." not in path
    assert not path.startswith(("/", "."))
    assert path == path.lower()
    assert read_manifest(package.manifest_text({path: b"d" * 32})) == {path: b"d" * 32}


def test_a_statement_is_read_as_it_is_written_and_nothing_else_is():
    statement = Statement.about(TENANT, "1234-5678", "")
    assert Statement.parse(statement.text) == statement
    for wrong in (
        statement.text.replace("/1\n", "/2\n", 1),
        statement.text.replace("files 0", "files 00"),
        statement.text.replace("1234-5678", "1234 5678"),
        statement.text + "more\n",
        "",
    ):
        with pytest.raises(PackageError):
            Statement.parse(wrong)


def test_the_structure_of_the_message_is_tested_element_by_element(whole):
    said = (whole / package.MESSAGE).read_text(encoding="utf-8")
    digests = {
        path: digest
        for path, digest in read_manifest((whole / package.MANIFEST).read_text()).items()
        if path != package.MESSAGE
    }
    sizes = {path: (whole / path).stat().st_size for path in digests}
    assert faults_of(said.encode(), digests, sizes) == []
    assert "Stafettlogg – *****" in said
    for old, new in (
        ("<mappeID>1234-5678</mappeID>", ""),
        ("<antallFiler>7", "<antallFiler>8"),
        ("opprettetDato>2026-09-01T10:00:00+00:00", "opprettetDato>1 September"),
        ("SHA-256", "MD5"),
        ("<landkode>NO", "<landkode>no"),
        ('xsi:type="arkivnotat"', 'xsi:type="journalpost"'),
        ("<n5mdk:kode>13", "<kode>13"),
        (f"fil>{package.OWN}", "fil>own/other.json"),
        ("<system>Stafett</system>", "<system>Stafett</system><regel>x</regel>"),
    ):
        assert old in said, old
        assert faults_of(said.replace(old, new, 1).encode(), digests, sizes), old


_SCHEMA = """<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
  targetNamespace="https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/arkivmelding/opprett/v1">
  <xs:element name="arkivmelding"><xs:complexType><xs:sequence>
    <xs:element name="system" type="xs:string"/>
    <xs:element name="antallFiler" type="xs:int"/>
    <xs:any minOccurs="0" maxOccurs="unbounded" processContents="skip"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""


def test_the_message_is_held_against_schemas_from_a_folder_and_nothing_is_fetched(whole, tmp_path):
    said = (whole / package.MESSAGE).read_bytes()
    with pytest.raises(SchemaError, match="there is no"):
        schema_faults(said, tmp_path)
    (tmp_path / ENTRY).write_text(_SCHEMA, encoding="utf-8")
    assert schema_faults(said, tmp_path) == []
    broken = said.replace(b"<antallFiler>7", b"<antallFiler>mange")
    [fault] = schema_faults(broken, tmp_path)
    assert "antallFiler" in fault
    assert "mange" not in fault
    elsewhere = '<xs:include schemaLocation="https://example.org/x.xsd"/><xs:element'
    (tmp_path / ENTRY).write_text(_SCHEMA.replace("<xs:element", elsewhere, 1), encoding="utf-8")
    with pytest.raises(SchemaError):
        schema_faults(said, tmp_path)


def test_a_message_that_declares_something_in_another_encoding_is_not_read():
    xml = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    assert faults_of(xml.encode("utf-16"), {}, {}) == ["it is not UTF-8"]
