"""The pages of indicators: bringing a file in, and numbers beside each other that are never related."""

import io
import re

from bti.slt.indicator_change import BringIn, bring_in
from bti.slt.indicator_file import About, load
from bti.slt.indicator_stored import show_indicators
from bti.slt.release import publish_release
from tests.integration.slt.samples import a_release
from tests.integration.slt.test_pages import SVG, _enter, _table, app, client, side  # noqa: F401 - fixtures

PAGE = "/network/indicators/new"
TABLE = "Kode;Indikator;Enhet;Gruppe;År;Verdi\n"
ROW = "mental_distress;Psykiske plager;prosent;8.–10. trinn;{};{}\n"
SAID = {"title": "Ungdata", "source": "NOVA", "language": "nb"}
NO_CAUSE = {
    "nb": "To tall ved siden av hverandre viser ingen årsak",
    "nn": "To tal ved sida av kvarandre viser inga årsak",
    "en": "Two numbers beside each other show no cause",
}

UNIT = {"nb": "prosent", "nn": "prosent", "en": "per cent"}


def brought_in(side, *rows, **said):  # noqa: F811 - the fixture above
    _, olav = side.signed_in()
    text = TABLE + "".join(ROW.format(*row) for row in rows)
    return bring_in(side.runtime, olav, BringIn(text, About(**{**SAID, **said}))), olav


def drawings(page):
    return page.all(f"{SVG}svg", role="img")


def part(page, name):
    """The text of one of the two parts as it was sent, which holds all its numbers and its drawing."""
    whole = page.response.get_data(as_text=True)
    return re.search(rf'<section [^>]*id="{name}".*?</section>', whole, re.DOTALL)[0]


def test_what_is_wrong_is_shown_by_line_and_nothing_that_was_typed_is_lost(side, client):  # noqa: F811 - fixtures
    _enter(client, side)
    client.get(PAGE)
    wrong = TABLE + ROW.format(2024, 101)
    page = client.post(PAGE, {**SAID, "table": wrong, "terms": "CC BY"})
    assert page.status == 422
    rows = _table(page, "What must be mended")
    assert rows[1:] == [["2", "Verdi", "This cannot be a number of its unit."]]
    assert page.all("textarea", name="table")[0].text.strip() == wrong.strip()
    assert page.all("input", name="terms")[0].get("value") == "CC BY"
    done = client.post(PAGE, {**SAID, "table": wrong.replace("101", "19,5"), "terms": "CC BY"})
    shown = client.follow(done)
    assert shown.heading == "Ungdata"
    assert "19.5" in shown.text
    assert "Olav Lien" in shown.text
    client.get(PAGE)
    again = client.post(PAGE, {**SAID, "table": wrong.replace("101", "20"), "terms": "CC BY"})
    assert again.status == 422
    assert "Write why this one corrects it" in again.text
    assert client.get(f"{PAGE}?corrects=nothing").status == 404


def test_a_file_is_read_letter_by_letter_and_never_over_a_text(side, client):  # noqa: F811 - fixtures
    _enter(client, side)
    client.get(PAGE)

    def sent(data, table=""):
        fields = {**SAID, "table": table, "file": (io.BytesIO(data), "tall.csv")}
        return client.post(PAGE, fields, content_type="multipart/form-data")

    windows = sent((TABLE + ROW.format(2024, 19)).encode("cp1252"))
    assert _table(windows, "What must be mended")[1][0] == "1"
    assert "not UTF-8" in windows.text
    both = sent(b"x", table="noe")
    assert "There is a text already" in both.text
    assert both.all("textarea", name="table")[0].text.strip() == "noe"
    assert sent((TABLE + ROW.format(2024, 19)).encode("utf-8-sig")).status == 303


def test_numbers_stand_beside_each_other_with_source_year_and_no_cause(side, client):  # noqa: F811 - fixtures
    _, olav = side.signed_in()
    about, text = load("aukra-ungdata-2024")
    bring_in(side.runtime, olav, BringIn(text, about))
    publish_release(side.runtime, a_release(400), by="Anne Ruud")
    _enter(client, side)
    for language, sentence in NO_CAUSE.items():
        client.get("/network/indicators")
        client.post("/language", {"language": language, "next": "/network/indicators"})
        page = client.get("/network/indicators/mental_distress")
        assert sentence in page.text
        assert page.text.count(about.source) == 2
        head, row = _table(page, f"Psykiske plagar, {UNIT[language]}")
        assert [one[:4] for one in head[1:]] == ["2021", "2024"]
        assert [" ".join(one.split())[:4] for one in row[1:]] == ["16 %", "19 %"]
        assert len(drawings(page)) == 2
        alone = client.get("/network/indicators/organised_leisure")
        assert sentence in alone.text
        assert len(drawings(alone)) == 2
        assert not alone.all("section", id="ours")


def test_neither_part_of_the_page_depends_on_the_other_in_any_sign(side, client):  # noqa: F811 - fixtures
    first, olav = brought_in(side, (2021, 16), (2024, 19))
    publish_release(side.runtime, (one := a_release(400, period="2025H2")), by="Anne Ruud")
    _enter(client, side)
    address = "/network/indicators/mental_distress"
    before = client.get(address)
    publish_release(side.runtime, a_release(40, known=(one,)), by="Anne Ruud")
    between = client.get(address)
    # Other numbers of ours change no sign of theirs: no scale, no order, no word.
    assert part(between, "theirs") == part(before, "theirs")
    assert part(between, "ours") != part(before, "ours")
    text = TABLE + ROW.format(2021, 90) + ROW.format(2024, ":")
    bring_in(side.runtime, olav, BringIn(text, About(**SAID), "Tallene er rettet."))
    after = client.get(address)
    assert part(after, "ours") == part(between, "ours")
    assert part(after, "theirs") != part(between, "theirs")
    charts = [{one.get("y1") for one in svg.iter(f"{SVG}line")} for svg in drawings(after)]
    assert len(charts) == 2
    for svg in drawings(after):
        assert not [one for one in svg.iter() if one.tag in {f"{SVG}path", f"{SVG}polyline"}]
    assert first.new
    assert len(show_indicators(side.runtime, olav).readings) == 2


def test_what_is_not_published_has_no_height_and_two_sources_of_a_year_stand_apart(side, client):  # noqa: F811 - fixtures
    brought_in(side, (2024, ":"), (2021, 16))
    brought_in(side, (2021, 17), title="Ungdata 2021", source="Kommunen")
    _enter(client, side)
    [_, listed] = _table(client.get("/network/indicators"), "Mental health")
    assert listed[0] == "Psykiske plager"
    assert listed[1].endswith(": not published")
    assert listed[2:] == ["2024", "NOVA"]
    page = client.get("/network/indicators/mental_distress")
    head, row = _table(page, "Psykiske plager, per cent")
    assert head == ["Group", "2021NOVA", "2021Kommunen", "2024NOVA"]
    assert row[1:3] == ["16\u00a0%", "17\u00a0%"]
    assert row[3].split() == [":", "not", "published"]
    [words] = page.all(f"{SVG}desc")
    assert words.text.endswith("2024: not published.")
    assert len(page.all(f"{SVG}rect", class_="st-graf__mork")) == 2
    assert "None of them is 0" in page.text


def test_a_file_is_taken_out_of_use_on_its_page_and_stays_in_its_history(side, client):  # noqa: F811 - fixtures
    first, _ = brought_in(side, (2024, 16), address="https://ungdata.example/")
    _enter(client, side)
    address = f"/network/indicators/files/{first.id}"
    page = client.get(address)
    # As text: no page here leads out of the house.
    assert "https://ungdata.example/" in page.text
    assert client.post(f"{address}/end", {"reason": "kort"}).status == 422
    assert client.post(f"{address}/end", {"reason": "Feil kommune var valgt."}).status == 303
    assert "Feil kommune var valgt." in client.get(address).text
    assert "There are no indicators here yet" in client.get("/network/indicators").text
    assert client.get("/network/indicators/mental_distress").status == 404
    assert client.get("/network/indicators/files/" + "0" * 32).status == 404
