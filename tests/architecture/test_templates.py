"""Every template compiles, says nothing outside translation, and has nothing inline."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes

from bti import paths
from bti.web import (
    filters,
    i18n,
    labels,
    messages,
    slt_body_labels,
    slt_labels,
    slt_numbers,
    slt_year_labels,
)
from bti.web.forms.attachment import audience_words

FILES = sorted(
    str(path.relative_to(paths.TEMPLATES)) for path in paths.TEMPLATES.rglob("*") if path.is_file()
)
# Names that are the same in every language.
ALLOWED_WORDS = frozenset({"Stafett"})
_TAG = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
_TEXT_ATTRIBUTE = re.compile(
    r"""\b(?:alt|aria-label|placeholder|title|data-navn|content)=(["'])(.*?)\1""", re.DOTALL
)
_INLINE = re.compile(r"""\s(?:style|on[a-z]+)\s*=""", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_ENTITY = re.compile(r"&\w+;")
# What Jinja's own parts may hold inside an HTML tag is not text; a neutral sign keeps tags whole.
_HOLE = "\x00"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(paths.TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
    )
    for name in (function.__name__ for function in filters._FILTERS):
        environment.filters[name] = getattr(filters, name)
    words = {
        "label": labels.label,
        "words": labels.words,
        "explained": messages.explain,
        "legal": messages.legal_reference,
        "cited": messages.cited,
        "audience_words": audience_words,
        "body_change": slt_body_labels.body_change,
        "body_label": slt_body_labels.body_label,
        "month_label": slt_year_labels.month_label,
        "plan_label": slt_labels.plan_label,
        "plan_change": slt_labels.plan_change,
        "year_change": slt_year_labels.year_change,
        "year_label": slt_year_labels.year_label,
        "half_year": slt_numbers.half_year,
        "language_name": i18n.LANGUAGES.get,
    }
    environment.filters.update(words)
    return environment


ENVIRONMENT = _environment()


def _source(name: str) -> str:
    return (paths.TEMPLATES / name).read_text(encoding="utf-8")


def _html_only(source: str) -> str:
    """The source with every Jinja part replaced, so that only HTML and bare text are left."""
    parts = []
    inside = False
    for _line, kind, text in ENVIRONMENT.lex(source):
        if kind in {"block_begin", "variable_begin", "comment_begin"}:
            inside = True
            parts.append(_HOLE)
        elif kind in {"block_end", "variable_end", "comment_end"}:
            inside = False
        elif not inside and kind == "data":
            parts.append(text)
    return "".join(parts)


def _bare_words(source: str) -> list[str]:
    html = _html_only(source)
    texts = [_TAG.sub(" ", html)]
    texts += [match.group(2) for match in _TEXT_ATTRIBUTE.finditer(html)]
    found = []
    for text in texts:
        found += [
            word for word in _WORD.findall(_ENTITY.sub(" ", text)) if word not in ALLOWED_WORDS
        ]
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_template_compiles(name):
    assert ENVIRONMENT.get_template(name) is not None


@pytest.mark.parametrize("name", FILES)
def test_no_template_trusts_a_text(name):
    tree = ENVIRONMENT.parse(_source(name))
    assert "safe" not in {used.name for used in tree.find_all(nodes.Filter)}
    assert not list(tree.find_all(nodes.MarkSafe))
    assert "autoescape" not in _source(name)


@pytest.mark.parametrize("name", FILES)
def test_no_template_has_anything_inline(name):
    html = _html_only(_source(name))
    tags = " ".join(_TAG.findall(html))
    assert not _INLINE.findall(tags)
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".html")])
def test_every_visible_text_can_be_translated(name):
    allowed_attributes = {"width", "initial", "scale", "device", "noindex", "none"}
    assert [word for word in _bare_words(_source(name)) if word not in allowed_attributes] == []


@pytest.mark.parametrize("name", FILES)
def test_no_template_imports_what_it_does_not_use(name):
    tree = ENVIRONMENT.parse(_source(name))
    imported = set()
    for statement in tree.find_all(nodes.FromImport):
        for one in statement.names:
            imported.add(one[1] if isinstance(one, tuple) else one)
    imported |= {statement.target for statement in tree.find_all(nodes.Import)}
    used = {found.name for found in tree.find_all(nodes.Name) if found.ctx == "load"}
    assert imported - used == set()


@pytest.mark.parametrize("name", FILES)
def test_every_message_is_a_whole_literal(name):
    for call in ENVIRONMENT.parse(_source(name)).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}:
            assert isinstance(call.args[0], nodes.Const), f"line {call.lineno}: not a literal"


def test_every_class_of_our_own_has_a_rule():
    """Fifty-nine texts once lost their lines, because the class that keeps them had no rule."""
    style = (paths.STATIC / "stafett.css").read_text(encoding="utf-8")
    ruled = set(re.findall(r"\.(st-[a-z0-9-]+)", style))
    used = {
        found
        for name in FILES
        for quoted in re.findall(r'class="([^"]*)"', (paths.TEMPLATES / name).read_text("utf-8"))
        for found in re.findall(r"\bst-[a-z0-9-]*[a-z0-9]\b", re.sub(r"\{\{.*?\}\}", "", quoted))
    }
    assert used - ruled == set()


def test_every_template_that_posts_uses_the_token():
    for name in FILES:
        source = _source(name)
        posts = len(re.findall(r"""method=["']post["']""", source))
        tokens = source.count("csrf_token()") + len(re.findall(r"\bhidden\(", source))
        assert not posts or tokens, name


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p>{{ _("Hello") }}</p>', []),
        ('<a aria-label="Close">{{ x }}</a>', ["Close"]),
        ('<p class="{{ "a" if x }} b">{# a note #}&nbsp;–</p>', []),
        ("<title>{% block heading %}{% endblock %} – Stafett</title>", []),
        ("{% if x %}Yes{% endif %}", ["Yes"]),
    ],
)
def test_the_search_for_bare_text_finds_it(source, words):
    assert _bare_words(source) == words


def test_the_folder_is_the_one_in_this_repository():
    assert Path(paths.TEMPLATES, "layouts", "page.html").is_file()
