"""The OpenAPI document: sound by its own standard, equal to the file, and true of what goes in and out."""

import json
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from bti.web.api import bodies, openapi, problems
from bti.web.api.fields import BadBody
from bti.web.api.strict_json import BadJson, parse_object
from tests.web.api_site import A_REFERENCE, System, a_client, a_concern, agreed, app_of
from tools.render_openapi import FILE, rendered


def validator(name):
    """What holds a value against a schema of the document."""
    whole = {"$ref": f"#/components/schemas/{name}", **openapi.document()}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def test_the_document_is_sound_and_the_file_is_the_document():
    OpenAPIV31SpecValidator(openapi.document()).validate()
    assert FILE.read_text(encoding="utf-8") == rendered(), "run: python -m tools.render_openapi"


def test_every_status_that_can_be_met_is_in_the_document():
    told = {
        int(status)
        for path in openapi.document()["paths"].values()
        for call in path.values()
        for status in call["responses"]
    }
    assert told == {200, 201, *problems.KINDS}


def test_every_answer_has_the_form_that_the_document_says(world):
    made = a_client(world)
    system = System(app_of(world), made.key, agreed(world, made, "ingrid"))
    key = uuid.uuid4()
    answers = {
        "Done": [system.post("/api/v1/concerns", a_concern(), key=key) for _ in range(2)],
        "Worklist": [system.get("/api/v1/worklist")],
        "Problem": [
            system.post("/api/v1/concerns", {"seen": 7}),
            system.post("/api/v1/concerns", b"{"),
            system.post("/api/v1/concerns", a_concern(seen="Noe annet."), key=key),
            system.post(f"/api/v1/cases/{uuid.uuid4()}/references", A_REFERENCE),
            system.get("/api/v1/concerns"),
            System(system.app, system.key, uuid.uuid4()).get("/api/v1/worklist"),
        ],
    }
    assert [one.status_code for one in answers["Done"]] == [201, 200]
    assert [one.status_code for one in answers["Problem"]] == [422, 400, 409, 404, 405, 401]
    for name, each in answers.items():
        for one in each:
            validator(name).validate(json.loads(one.get_data()))


_WORD = st.sampled_from(
    ["ABS", "not_yet", "unsafe", "2026-08-31", "2026-02-30", "", " ", "Oda Vik"]
)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | _WORD,
    lambda of: st.lists(of, max_size=3) | st.dictionaries(_WORD, of, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("name", "group", "sound"),
    [
        ("Concern", bodies.CONCERN, a_concern(guardians=[{"name": "Kari Vik"}], tried=["nothing"])),
        ("Reference", bodies.REFERENCE, A_REFERENCE),
    ],
)
@settings(max_examples=60)
@given(data=st.data())
def test_a_body_is_taken_when_the_document_says_so_and_only_then(name, group, sound, data):
    changed = json.loads(json.dumps(sound))
    at = changed
    while True:
        place = data.draw(st.sampled_from(sorted(at)))
        inner = at[place]
        if isinstance(inner, dict) and data.draw(st.booleans()):
            at = inner
            continue
        break
    match data.draw(st.sampled_from(("leave", "drop", "put", "add"))):
        case "drop":
            del at[place]
        case "put":
            at[place] = data.draw(_VALUE)
        case "add":
            at[data.draw(_WORD) + "_"] = data.draw(_VALUE)
        case _:
            pass
    try:
        group.body(changed)
        taken = True
    except BadBody:
        taken = False
    assert taken == validator(name).is_valid(changed)


@settings(max_examples=100)
@given(
    given_=st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.booleans(), max_size=4)
)
def test_what_is_read_is_what_was_written(given_):
    written = json.dumps(given_).encode()
    try:
        assert parse_object(written) == given_
    except BadJson:
        # Half a character has no spelling in UTF-8.
        with pytest.raises(UnicodeEncodeError):
            str(given_).encode()
