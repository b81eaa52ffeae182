"""What is taken for a file of which kind, and what is refused: attacks 70 and 76, and what people really send."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain import file_kinds
from bti.domain.errors import RuleBroken
from bti.domain.file_kinds import HEAD_BYTES, TAIL_BYTES, FileKind, recognise
from tests.files import SAMPLES, archive, jpeg, office, open_document, pdf, png

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def kind_of(data: bytes) -> FileKind:
    return recognise(data[:HEAD_BYTES], data[-TAIL_BYTES:], len(data))


def answer_to(data: bytes) -> str:
    """The kind, or the code of the refusal; any other error is the test's failure."""
    try:
        return kind_of(data).value
    except RuleBroken as broken:
        return broken.code


def refusal_of(data: bytes) -> str:
    with pytest.raises(RuleBroken) as caught:
        kind_of(data)
    return caught.value.code


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_file_is_known_by_its_own_bytes(kind: FileKind):
    assert kind_of(SAMPLES[kind]) is kind


REFUSED = {
    "SVG": SVG,
    "SVG with an XML head": b'<?xml version="1.0"?>' + SVG,
    "HTML": HTML,
    "HTML behind white space": b"\n \t" + HTML,
    "plain text": b"Kjaere alle sammen",
    "GIF": b"GIF89a" + bytes(40),
    "a program": b"MZ" + bytes(200),
    "a shell script": b"#!/bin/sh\nrm -rf /\n",
    "an old Word document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "a plain archive": archive({"notat.txt": b"hei"}),
    "a web page saved as an archive": archive({"index.html": HTML}),
    "a Word and an Excel document at once": office(**{"xl/workbook.xml": b"<d/>"}),
    "a presentation": office("ppt/presentation.xml"),
    "an Open Document template": open_document(
        mime="application/vnd.oasis.opendocument.text-template"
    ),
    "a PDF that begins later": b"\n" + pdf(),
    "HTML with a PDF inside": HTML + pdf(),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_on_the_list_is_not_taken(what: str):
    assert refusal_of(REFUSED[what]) == "attachment.kind"


BROKEN = {
    "a PDF without its end": pdf()[:-20],
    "a PNG without its end": png()[:-4],
    "a PNG with something behind it": png() + b"<script>",
    "a picture of no size": png(width=0),
    "a JPEG without a frame": b"\xff\xd8\xff\xe0\x00\x04ab\xff\xda",
    "a JPEG that is only a beginning": b"\xff\xd8\xff",
    "a JPEG whose markers run out": b"\xff\xd8\xff\xe1\xff\xff" + bytes(20),
    "an archive behind a JPEG": jpeg() + archive({"a.exe": b"MZ"}),
    "an archive behind a PDF": pdf()[:-6] + archive({"a.exe": b"MZ"})[:-22] + b"PK\x05\x06%%EOF",
    "a document cut short": office()[:-30],
    "a document with something behind it": office() + b"x",
    "a document that is only a beginning": b"PK\x03\x04",
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_cut_or_two_files_in_one_is_not_taken(what: str):
    assert refusal_of(BROKEN[what]) == "attachment.broken"


def test_a_document_with_something_in_front_of_it_is_two_files():
    hidden = archive({"a.exe": b"MZ" * 40})
    whole = hidden + office()
    with zipfile.ZipFile(io.BytesIO(whole)) as seen:
        assert "word/document.xml" in seen.namelist(), "programs that read from the end see this"
    assert refusal_of(whole) == "attachment.broken"


@pytest.mark.parametrize("part", ["word/vbaProject.bin", "xl/VBAPROJECT.BIN"])
def test_a_document_with_macros_is_not_taken(part: str):
    assert refusal_of(office(**{part: b"x"})) == "attachment.macros"


def test_an_open_document_with_macros_is_not_taken():
    parts = {"mimetype": file_kinds.MIME[FileKind.ODT].encode(), "content.xml": b"<d/>"}
    macros = archive(parts | {"Basic/script-lc.xml": b"<l/>"}, stored="mimetype")
    assert refusal_of(macros) == "attachment.macros"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\\b", "x/../y"])
def test_a_document_whose_parts_lead_out_of_it_is_not_taken(name: str):
    assert refusal_of(office(**{name: b"x"})) == "attachment.broken"


def test_a_document_locked_with_a_password_is_not_taken():
    locked = bytearray(office())
    entry = locked.rfind(b"PK\x01\x02")
    locked[entry + 8] |= 1
    assert refusal_of(bytes(locked)) == "attachment.broken"


def test_a_document_that_unpacks_beyond_reason_is_not_taken():
    assert refusal_of(office(**{"word/media/bomb.bin": bytes(5_000_000)})) == "attachment.bomb"


def test_a_document_that_only_says_it_is_huge_is_not_taken():
    lying = bytearray(office())
    entry = lying.rfind(b"PK\x01\x02")
    lying[entry + 24 : entry + 28] = struct.pack("<L", 0xFFFFFFFE)
    assert refusal_of(bytes(lying)) == "attachment.bomb"


def test_a_document_of_very_many_parts_is_not_taken():
    many = {f"word/{number}.xml": b"" for number in range(file_kinds.MOST_PARTS)}
    assert refusal_of(office(**many)) == "attachment.bomb"


def test_an_ordinary_document_with_pictures_is_taken():
    noise = bytes(range(256)) * 400
    assert kind_of(office(**{"word/media/image1.png": noise})) is FileKind.DOCX


@pytest.mark.parametrize("picture", [png, jpeg])
def test_a_picture_of_thousands_of_millions_of_points_is_not_taken(picture):
    assert refusal_of(picture(width=60_000, height=60_000)) == "attachment.bomb"
    assert kind_of(picture(width=10_000, height=10_000)), "a large scan"


def test_a_photograph_with_a_preview_and_a_place_before_its_frame_is_taken():
    exif = b"\xff\xe1" + struct.pack(">H", 60_002) + b"E" * 60_000
    assert kind_of(jpeg(before=exif + b"\xff\xff" + exif[1:])) is FileKind.JPEG


def test_an_empty_file_is_told_as_such():
    assert refusal_of(b"") == "attachment.empty"


@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xd8\xff", b"%PDF-1."]))
def test_whatever_is_sent_there_is_an_answer(rest: bytes, begins: bytes):
    answer = answer_to(begins + rest)
    assert answer in {*FileKind} or answer.startswith("attachment.")


@given(st.integers(0, 2**32), st.integers(0, 255), st.sampled_from(list(SAMPLES)))
def test_a_changed_byte_never_leads_to_anything_but_an_answer(where: int, byte: int, kind):
    data = bytearray(SAMPLES[kind])
    data[where % len(data)] = byte
    answer = answer_to(bytes(data))
    assert answer in {*FileKind} or answer.startswith("attachment.")
