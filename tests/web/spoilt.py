"""What nobody should write in a form, and somebody will."""

from hypothesis import strategies as st

from tests.web.critic import UNFILLED
from tests.web.filled import WORDS
from tests.web.town import NOBODY

TEXTS = (
    "",
    " \t ",
    "x" * 201,
    "x" * 8001,
    "a\x00b",
    "\x1b[31mred\x07",
    "\u202egnp.exe",
    "\ufffe",
    "👩‍👩‍👧 😀",
    WORDS,
    "<img src=x onerror=alert(1)>",
    '"><b id="injected">x</b><script>alert(1)</script>',
    "</textarea><b id=injected>",
    "' OR 1=1; DROP TABLE cases; --",
    "${7*7} #{7*7} %s %(x)d",
    "../../etc/passwd",
    "line\r\nline\rline",
)
DATES = (
    "0000-00-00",
    "2026-02-30",
    "0001-01-01",
    "1900-01-01",
    "9999-12-31",
    "31.12.2099",
    "1.1.26",
    "tomorrow",
    "2026-09-01T00:00",
    "٢٠٢٦-٠٩-٠١",
)
# Wrong check digit, no such day, too short, too long, a date nobody has, letters.
NATIONAL_IDS = (
    "01417012345",
    "99999999999",
    "0181701234",
    "018170123456",
    "00000000000",
    "O1817O1234S",
)
NUMBERS = ("-1", "0", "1.5", "1e9", "999999999999999999", "9" * 40, "१२", "0x10", "null")
OTHER_TYPES = ("on", "true", "[]", '{"a": 1}', "None", "closed", "administrator", "slt_coordinator")
EXTRA_FIELDS = (
    ("tenant_id", str(NOBODY)),
    ("role", "administrator"),
    ("version", "999"),
    ("case_id", str(NOBODY)),
    ("holder_id", str(NOBODY)),
    ("ops", '{"level": 3}'),
    ("level", "3"),
    ("is_admin", "1"),
    ("__class__", "x"),
    ("go", "later"),
    ("go", "search"),
    ("guardian3_name", "En tredje"),
)


def bad_values(blank, foreign):
    """What nobody should write in a field, and what somebody will."""
    # Hypothesis tries words of our own code too; on a page nobody can tell a typed one from an unfilled text.
    typed = st.text(max_size=40).filter(lambda text: UNFILLED.search(text) is None)
    anything = st.one_of(st.sampled_from(TEXTS), typed)
    others = st.sampled_from((*foreign, *OTHER_TYPES, *NUMBERS))
    match blank.kind:
        case "date":
            return st.one_of(st.sampled_from(DATES), anything)
        case "hidden" if blank.name == "version":
            return st.one_of(st.sampled_from(NUMBERS), anything)
        case "text" if blank.name == "national_id":
            return st.one_of(st.sampled_from(NATIONAL_IDS), anything)
        case "text" | "textarea" | "password":
            return st.one_of(anything, st.binary(max_size=8))
        case _:
            return st.one_of(others, anything)


@st.composite
def spoilt(draw, sheet, foreign):
    """A sound answer with one to three fields spoilt, dropped or doubled, and sometimes extras."""
    answers = {
        name: list(value) if isinstance(value, list) else [value]
        for name, value in sheet.answers.items()
    }
    names = sorted(answers)
    chosen = draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) if names else []
    for name in chosen:
        way = draw(st.sampled_from(("replace", "replace", "replace", "drop", "double")))
        if way == "drop":
            answers[name] = []
            continue
        bad = draw(bad_values(sheet.fields[name], foreign))
        answers[name] = [bad] if way == "replace" else [*answers[name], bad]
    extras = draw(st.lists(st.sampled_from(EXTRA_FIELDS), max_size=2))
    pairs = [(name, value) for name, values in answers.items() for value in values]
    return [*pairs, *((name, value) for name, value in extras if name not in answers)]
