"""The ground every form stands on: what is cleaned, refused, kept and said."""

import unicodedata
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from bti.web.forms.base import BaseForm
from bti.web.forms.fields import (
    AreaField,
    DateField,
    ListField,
    PasswordField,
    RadioField,
    TextField,
    TickField,
    TicksField,
)
from bti.web.forms.text import printable, refused_signs, tidy
from tests.web.dummy import client_for, site

ANSWERS = [("yes", "Yes"), ("no", "No")]


class Everything(BaseForm):
    line = TextField("Line", max_length=20)
    box = AreaField("Box", required=False, max_length=50)
    day = DateField("Day", required=False, earliest=date(2000, 1, 1), latest=date(2026, 12, 31))
    any_day = DateField("Any day", required=False)
    one = ListField("One", choices=ANSWERS, blank="Choose")
    mark = RadioField("Mark", choices=ANSWERS, required="Say yes or no.")
    several = TicksField("Several", choices=ANSWERS)
    sure = TickField("Sure", required="Tick this to go on.")
    secret = PasswordField("Password", required=False)


FULL = {"line": "Oda", "one": "yes", "mark": "no", "sure": "y", "version": "3"}


@pytest.fixture
def filled(tmp_path):
    """Makes the form as posted with these values changed; None leaves a field out."""
    app = site(tmp_path)
    context = app.test_request_context("/note", method="POST", headers={"Cookie": "st_language=en"})
    with context:

        def make(**changed):
            rows = {**FULL, **changed}
            sent = MultiDict()
            for name, value in rows.items():
                for one in value if isinstance(value, list) else [value]:
                    if one is not None:
                        sent.add(name, one)
            form = Everything(sent)
            form.validate()
            return form

        yield make


def test_a_full_form_holds(filled):
    form = filled(several=["no", "yes", "no"], day="2026-11-17", box=" a\r\nb ")
    assert form.errors == {}
    assert form.several.data == ["yes", "no"]
    assert form.day.data == date(2026, 11, 17)
    assert form.box.data == "a\nb"
    assert form.version.data == 3


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("line", "   ", "This must be filled in."),
        ("line", None, "This must be filled in."),
        ("line", "a" * 21, "Write at most 20 signs. This is 21."),
        ("line", "a\x00b", "There are signs here that cannot be stored."),
        ("line", "a\u202eb", "There are signs here that cannot be stored."),
        ("line", "two\nlines", "There are signs here that cannot be stored."),
        ("box", "a\x07", "There are signs here that cannot be stored."),
        ("day", "31.02.2026", "Write the date as day.month.year, for example 17.11.2026."),
        ("day", "yesterday", "Write the date as day.month.year, for example 17.11.2026."),
        ("day", "١٧.١١.٢٠٢٦", "Write the date as day.month.year, for example 17.11.2026."),
        ("day", "31.12.1999", "The date is too far back."),
        ("day", "2027-01-01", "The date is too far ahead."),
        ("any_day", "0001-01-01", "The date is too far back."),
        ("any_day", "31.12.9999", "The date is too far ahead."),
        ("one", "", "This must be filled in."),
        ("one", "maybe", "Choose one of the answers in the list."),
        ("mark", None, "Say yes or no."),
        ("mark", "<script>", "Choose one of the answers in the list."),
        ("several", ["yes", "maybe"], "Choose among the answers in the list."),
        ("sure", None, "Tick this to go on."),
        ("version", "1 or 1=1", "The form is damaged. Open the page again."),
        ("version", "9" * 40, "The form is damaged. Open the page again."),
        ("submission", "not-a-uuid", "The form is damaged. Open the page again."),
    ],
)
def test_each_fault_is_said_once_and_plainly(filled, name, value, message):
    form = filled(**{name: value})
    assert set(form.errors) == {name}
    assert len(form.errors[name]) == 1
    assert form.errors[name][0].startswith(message)


def test_what_was_typed_stays_as_it_was_typed(filled):
    form = filled(line="  <b>Oda</b> 'x' æøå 🙂 ", day="31.2.26")
    assert form.line.data == "<b>Oda</b> 'x' æøå 🙂"
    assert 'value="  &lt;b&gt;Oda&lt;/b&gt; &#39;x&#39; æøå 🙂 "' in str(form.line())
    assert 'type="text"' in str(form.day())
    assert 'value="31.2.26"' in str(form.day())


def test_a_password_is_never_written_back_and_keeps_its_spaces(filled):
    form = filled(secret=" a b ")
    assert form.secret.data == " a b "
    assert "a b" not in str(form.secret())


def test_the_number_against_double_sending_survives_an_error(filled):
    number = uuid4()
    form = filled(line="", submission=str(number))
    assert form.submission.data == number
    assert str(number) in str(form.submission())


def test_every_new_form_has_a_number_of_its_own(filled):
    assert filled().submission.data != filled().submission.data


def test_the_summary_links_to_what_can_be_mended(filled):
    form = filled(line="", mark=None, version="x")
    form.refuse("Someone else was first.")
    form.refuse("Not today.", form.day)
    assert [(error.text, error.target) for error in form.error_list()] == [
        ("Someone else was first.", ""),
        ("The form is damaged. Open the page again.", ""),
        ("Line: This must be filled in.", "line"),
        ("Day: Not today.", "day"),
        ("Mark: Say yes or no.", "mark-0"),
    ]


def test_combined_and_separate_accents_are_the_same_name():
    assert tidy("A\u030asa") == tidy("Åsa") == "Åsa"


@given(st.text())
def test_a_cleaned_text_is_clean_the_second_time(text):
    assert tidy(tidy(text)) == tidy(text)
    assert unicodedata.is_normalized("NFC", tidy(text))


@given(st.text())
def test_what_is_shown_again_never_breaks_the_page(text):
    assert not refused_signs(printable(text))


@given(line=st.text(max_size=60), box=st.text(max_size=60), day=st.text(max_size=12))
def test_whatever_is_typed_the_answer_is_a_sound_page(tmp_path_factory, line, box, day):
    # A form cannot carry half of a surrogate pair over HTTP.
    sent = {
        name: value.encode("utf-8", "replace").decode()
        for name, value in {"name": line, "seen": box, "since": day, "talked": line}.items()
    }
    client = client_for(_app_for(tmp_path_factory), "ingrid")
    client.get("/note")
    page = client.post("/note", sent)
    assert page.status in {200, 303}
    if page.status == 200:
        assert page.all("div", id="errors")


_APPS = {}


def _app_for(tmp_path_factory):
    if "app" not in _APPS:
        _APPS["app"] = site(tmp_path_factory.mktemp("site"))
    return _APPS["app"]
