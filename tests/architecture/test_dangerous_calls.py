"""What no product code may do, found in the syntax tree: code from text, SQL from text, weak hashes, chance."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Modules whose use is a fault in the product, and why somebody would ask.
FORBIDDEN_MODULES = {
    "pickle": "runs what it reads",
    "marshal": "runs what it reads",
    "shelve": "is pickle",
    "random": "can be foreseen; `secrets` and `bti.crypto.entropy` cannot",
    "telnetlib": "is plain",
    "ftplib": "is plain",
    "xml": "opens what a document names",
}
FORBIDDEN_NAMES = {"eval", "exec", "compile", "__import__", "render_template_string", "Markup"}
WEAK_HASHES = {"md5", "sha1", "new"}
PATTERN_TAKERS = {
    "compile",
    "match",
    "fullmatch",
    "search",
    "sub",
    "subn",
    "split",
    "findall",
    "finditer",
}
#: The demonstration's course of two years must come out the same each time.
MAY_PLAY = {"bti/cli/demo_history.py"}
#: An archive's message is XML. One module writes it, the other refuses every declaration before it reads.
MAY_USE_XML = {"bti/archive/message.py", "bti/archive/structure.py"}
#: The one place that asks the system for random bytes.
SOURCE = ("bti/crypto/entropy.py", "urandom")

#: Roles, rights and policies have no place for values; their names are the program's own.
MAY_MAKE_DDL = {"bti/db/ddl.py"}


def literal(node):
    """Whether an expression is fixed when the program is written."""
    if isinstance(node, ast.JoinedStr):
        return all(isinstance(part, ast.Constant) for part in node.values)
    if isinstance(node, ast.BinOp):
        return literal(node.left) and literal(node.right)
    return isinstance(node, ast.Constant)


def is_fixed(node, constants):
    """Whether an argument is a literal or a constant of the module."""
    return literal(node) or (isinstance(node, ast.Name) and node.id in constants)


def names_in(tree):
    """The constants of a module, and the names it imports."""
    assigned = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    targets = [
        target
        for node in assigned
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    constants = {one.id for one in targets if isinstance(one, ast.Name) and one.id.isupper()}
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return constants, imported


def calls_inside_functions(tree):
    """Every call that happens while the program runs; what stands in a module's own lines is fixed."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from (node for node in ast.walk(function) if isinstance(node, ast.Call))


def fault_of_call(node, constants, imported):
    """Say what is wrong with one call, or nothing."""
    called = node.func
    bare = called.id if isinstance(called, ast.Name) else ""
    attribute = called.attr if isinstance(called, ast.Attribute) else ""
    owner = getattr(getattr(called, "value", None), "id", "")
    free = bool(node.args) and not is_fixed(node.args[0], constants)
    said = {(one.arg, getattr(one.value, "value", None)) for one in node.keywords}
    wrong = {
        f"calls {bare}": bare in FORBIDDEN_NAMES | {"DDL"},
        "makes a pattern from something that is not fixed": owner == "re"
        and attribute in PATTERN_TAKERS
        and free,
        "makes SQL from something that is not fixed": free
        and ((bare == "text" and "text" in imported) or attribute == "exec_driver_sql"),
        "draws bytes that nobody watches; bti.crypto.entropy does": (owner, attribute)
        == ("os", "urandom"),
        f"uses hashlib.{attribute}": owner == "hashlib" and attribute in WEAK_HASHES,
        "gives the shell a text, or believes any certificate": bool(
            said & {("shell", True), ("verify", False)}
        ),
    }
    return next((what for what, holds in wrong.items() if holds), "")


def faults_in(source, name="<text>"):
    """Name every dangerous call and import of a module, with its line."""
    tree = ast.parse(source)
    constants, imported = names_in(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and name not in MAY_PLAY:
            named = isinstance(node, ast.ImportFrom)
            modules = [node.module or ""] if named else [one.name for one in node.names]
            roots = {module.partition(".")[0] for module in modules} & FORBIDDEN_MODULES.keys()
            roots -= {"xml"} if name in MAY_USE_XML else set()
            found += [f"{name}:{node.lineno}: {one} {FORBIDDEN_MODULES[one]}" for one in roots]
    for node in calls_inside_functions(tree):
        if name in MAY_MAKE_DDL and getattr(node.func, "id", "") == "DDL":
            continue
        fault = fault_of_call(node, constants, imported)
        if (
            fault
            and (name, node.func.attr if isinstance(node.func, ast.Attribute) else "") != SOURCE
        ):
            found.append(f"{name}:{node.lineno}: {fault}")
    return found


def product_files():
    return sorted((ROOT / "bti").rglob("*.py"))


def test_no_dangerous_call_in_the_product():
    found = [
        fault
        for path in product_files()
        for fault in faults_in(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "lambda given: eval(given)",
        "import pickle",
        "from random import choice",
        "lambda given: re.compile(given)",
        "lambda given, text: re.sub('a' + given, '', text)",
        "from sqlalchemy import text\nlambda given: text(f'SELECT {given}')",
        "lambda given: connection.exec_driver_sql('SELECT ' + given)",
        "def digest():\n    return hashlib.md5(b'')",
        "lambda given: subprocess.run(given, shell=True)",
        "lambda address: session.get(address, verify=False)",
        "lambda given: render_template_string(given)",
        "lambda: os.urandom(12)",
    ],
)
def test_the_search_finds_what_it_is_for(source):
    assert faults_in(source)


@pytest.mark.parametrize(
    "source",
    [
        "WORD = 'a'\nlambda: re.compile(WORD)",
        "from sqlalchemy import text\nlambda: text('SELECT 1')",
        "lambda: re.compile(r'a' r'b')",
        "def show(text, cell):\n    return text(cell)",
    ],
)
def test_the_search_leaves_what_is_fixed_alone(source):
    assert not faults_in(source)


def test_scripts_write_text_only():
    dangerous = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|setAttribute\(\s*['\"]on"
        r"|localStorage|sessionStorage|indexedDB|__proto__|parent\.|opener"
    )
    found = {
        path.name: dangerous.findall(path.read_text(encoding="utf-8"))
        for path in (ROOT / "static" / "js").glob("*.js")
    }

    assert found, "there are no scripts to look at"
    assert not any(found.values()), found
