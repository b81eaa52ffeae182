"""The files of a document, opened and read by their structure: what a screen reader and a word processor go by."""

import io
import zipfile
from datetime import date

import odfdo
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from bti.disclosure.tables import HalfYear
from bti.slt.body import Body, BodyKind
from bti.slt.document import (
    Cell,
    CellKind,
    Column,
    Document,
    DocumentDamagedError,
    Drawing,
    Grid,
    Heading,
    Points,
    Words,
    as_text,
    from_text,
)
from bti.slt.report import Reach, half_year_of, offered, reach, suggested
from bti.web import document_odt, document_pdf, i18n

HIDDEN = Cell("skjult", CellKind.HIDDEN)
SAMPLE = Document(
    title="Rapport til <Moss> & omegn",
    name="report",
    language="nb",
    made_on=date(2026, 12, 1),
    facts=(("Kommune", "Lindvik"),),
    blocks=(
        Heading("Tall"),
        Drawing(
            "Alle barn",
            "Første: 40. Andre: skjult. Tredje: ikke publisert.",
            "skjult",
            (
                Column("Første", 40, published=True),
                Column("Andre", None, published=True),
                Column("Tredje", None, published=False),
            ),
        ),
        Grid(
            "Alle barn",
            ("Barn", "Første", "Andre", "Tredje"),
            ((Cell("Sum"), Cell("40", CellKind.NUMBER), HIDDEN, Cell("–", CellKind.MISSING)),),
        ),
        Heading("Eit tiltak", 2, "nn"),
        Words("#panic() *ikke* $x$ <script>\nog mer", "nn"),
        Points(("Én", "To")),
        Words("Stille", quiet=True),
    ),
    note="Slutt.",
)


@pytest.fixture(scope="module")
def app():
    """Just the languages."""
    site = Flask(__name__)
    i18n.register(site, default="en", secure=False)
    return site


@pytest.fixture(scope="module")
def files(app):
    """The sample as PDF and as ODT, each made twice."""
    with app.test_request_context():
        makes = (document_pdf.pdf, document_odt.odt)
        return [[make(SAMPLE, "a" * 64) for _ in range(2)] for make in makes]


def tags(node):
    """Every element of a structure tree, in reading order: its tag, and the element."""
    node = node.get_object()
    if not isinstance(node, DictionaryObject):
        return
    if "/S" in node:
        yield node["/S"], node
    children = node.get("/K", ())
    children = children.get_object() if hasattr(children, "get_object") else children
    for one in children if isinstance(children, ArrayObject) else [children]:
        if hasattr(one, "get_object"):
            yield from tags(one)


def test_the_pdf_is_tagged_with_title_language_headings_headers_and_what_is_drawn(files):
    made, again = files[0]
    assert made == again
    reader = PdfReader(io.BytesIO(made))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "nb"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == SAMPLE.title
    assert reader.metadata.creation_date.date() == SAMPLE.made_on
    xmp = root["/Metadata"].get_data()
    assert b"pdfuaid:part" in xmp
    assert b"pdfaid:part" in xmp
    found = list(tags(root["/StructTreeRoot"]))
    names = [tag for tag, _ in found]
    assert [one for one in names if one in {"/Title", "/H1", "/H2"}][-2:] == ["/H1", "/H2"]
    assert names.count("/TH") == len(SAMPLE.blocks[2].columns)
    assert names.count("/TD") == len(SAMPLE.blocks[2].columns)
    figures = [one for tag, one in found if tag == "/Figure"]
    assert [one["/Alt"] for one in figures] == [SAMPLE.blocks[1].words]
    assert "nn" in {one.get("/Lang") for _, one in found}
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "#panic() *ikke* $x$ <script> og mer" in text
    assert f"{SAMPLE.title} Kommune: Lindvik" in text


def test_the_odt_has_styles_header_rows_languages_and_what_is_drawn(files):
    made, again = files[1]
    assert made == again
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        # Not the machine's clock, which two files of one second would not tell of.
        assert {one.date_time for one in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    file = odfdo.Document(io.BytesIO(made))
    assert (file.meta.title, file.meta.language) == (SAMPLE.title, "nb-NO")
    assert file.language == "nb-NO"
    assert file.meta.creation_date.date() == SAMPLE.made_on
    headings = [(one.level, one.style, one.inner_text) for one in file.body.headers]
    assert headings == [
        ("1", "Heading_20_1", "Tall"),
        ("2", "Heading_20_2_nn", "Eit tiltak"),
    ]
    spoken = file.get_style("paragraph", "Heading_20_2_nn").get_properties("text")
    assert spoken["fo:language"] == "nn"
    (table,) = file.body.tables
    assert len(file.body.get_elements("//table:table-header-rows/table:table-row")) == 1
    cells = [one.inner_text.strip() for one in table.get_elements("descendant::table:table-cell")]
    assert cells[-4:] == ["Sum", "40", "skjult", "–"]
    (frame,) = file.body.get_frames()
    assert frame.svg_description == SAMPLE.blocks[1].words
    picture = frame.get_image().url
    assert file.get_part(picture).startswith(b"\x89PNG")
    assert file.manifest.get_media_type(picture) == "image/png"
    assert "#panic() *ikke* $x$ <script>" in file.body.inner_text


words = st.text(max_size=20)
cells = st.builds(Cell, words, st.sampled_from(CellKind), st.sampled_from(("", "nn")))
blocks = st.one_of(
    st.builds(Heading, words, st.sampled_from((1, 2)), st.just("nn")),
    st.builds(Words, words, quiet=st.booleans()),
    st.builds(Points, st.lists(words, max_size=3).map(tuple)),
    st.builds(
        Grid,
        words,
        st.lists(words, max_size=3).map(tuple),
        st.lists(st.lists(cells, max_size=3).map(tuple), max_size=2).map(tuple),
    ),
    st.builds(
        Drawing,
        words,
        words,
        words,
        st.lists(
            st.builds(Column, words, st.none() | st.integers(0, 900), st.booleans()), max_size=3
        ).map(tuple),
    ),
)


@settings(max_examples=25)
@given(st.lists(blocks, max_size=4), st.dates())
def test_a_kept_document_is_the_document_and_no_two_have_one_text(found, day):
    one = Document("T", "t", "nn", day, (("a", "b"),), tuple(found), "n")
    text = as_text(one)
    assert from_text(text) == one
    assert as_text(from_text(text)) == text


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"form": "annet"}', as_text(SAMPLE)[:-9]]
)
def test_what_is_no_document_is_damaged(text):
    with pytest.raises(DocumentDamagedError):
        from_text(text)


@given(st.none() | st.integers(0, 99), st.none() | st.integers(0, 99), st.integers(0, 120))
def test_a_sum_is_within_a_bodys_limits_or_it_is_said_which_way_it_is_not(to, above, amount):
    body = Body("b", "B", BodyKind.COORDINATING_GROUP, decides_to=to, decides_above=above)
    found = reach(body, amount)
    decides = (to is not None and amount <= to) or (above is not None and amount > above)
    assert (found is Reach.WITHIN) == decides
    assert (found is Reach.UNKNOWN) == (to is None and above is None)
    if found is Reach.TOO_LARGE:
        assert amount > to
    if found is Reach.TOO_SMALL:
        assert amount <= above


@given(
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.sets(st.builds(HalfYear, st.integers(2019, 2025), st.sampled_from((1, 2))), max_size=3),
)
def test_every_half_year_since_the_first_numbers_can_be_chosen_newest_first(today, published):
    periods = offered(published, today)
    now = half_year_of(today)
    assert now.first_day <= today <= now.last_day
    assert periods[0] == now
    assert list(periods) == sorted(set(periods), reverse=True)
    assert {one for one in published if one <= now} <= set(periods)
    assert suggested(sorted(published), today) in {*periods, *published}
