"""The small changes that are tried on a module, one at a time: each makes one mutant.

Left alone are texts for people, annotations, what only the type checker reads, and names that are listed for
import: no run of the program depends on them.
"""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.FloorDiv,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
}
_LEAST_OPERANDS = 2
#: What is named with parts in brackets for the type checker alone.
_GENERIC = {"Callable", "Collection", "Mapping", "dict", "frozenset", "list", "tuple"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. ``where``, ``was``, ``becomes`` and ``nth`` name it, whatever line it stands on."""

    where: str
    was: str
    becomes: str
    #: Which of several statements with the same text in the same place, from 1.
    nth: int
    #: First and last line of the statement, or of its head.
    lines: tuple[int, int]
    #: Whether it shows when a function runs; otherwise when the module is imported.
    inside: bool
    #: The statement, and the change within it, in the order in which they are found.
    at: tuple[int, int]

    @property
    def name(self) -> tuple[str, str, str, int]:
        """What stays the same when other lines are edited."""
        return self.where, self.was, self.becomes, self.nth


def mutants_of(source: str) -> list[Mutant]:
    """Find every change in a module's source."""
    found: list[Mutant] = []
    seen: Counter[tuple[str, str]] = Counter()
    for number, (where, inside, statement) in enumerate(_statements(ast.parse(source))):
        was = _head(statement)
        seen[where, was] += 1
        told = set()
        for index, changed in enumerate(_changed(statement)):
            becomes = _head(changed)
            if becomes == was or becomes in told:
                continue
            told.add(becomes)
            lines = (_first(statement), _last(statement))
            nth = seen[where, was]
            found.append(Mutant(where, was, becomes, nth, lines, inside, (number, index)))
    return found


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """Return the module's tree with one change made."""
    tree = ast.parse(source)
    number, index = mutant.at
    _, _, statement = list(_statements(tree))[number]
    changed = list(_changed(statement))[index]
    if isinstance(statement, ast.stmt | ast.ExceptHandler):
        _put(tree, statement, changed)
    return ast.fix_missing_locations(tree)


def _put(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Exchange a statement. Heads were copied without their bodies: the old ones stay."""
    for field in ("body", "orelse", "finalbody", "handlers"):
        if hasattr(old, field) and hasattr(new, field):
            setattr(new, field, getattr(old, field))
    for parent in ast.walk(tree):
        for _, value in ast.iter_fields(parent):
            if isinstance(value, list) and any(one is old for one in value):
                value[:] = [new if one is old else one for one in value]
                return


# -- where ---------------------------------------------------------------------------------------


def _statements(tree: ast.Module) -> Iterator[tuple[str, bool, ast.AST]]:
    yield from _below(tree, "", inside=False)


def _below(node: ast.AST, where: str, *, inside: bool) -> Iterator[tuple[str, bool, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt) and _is_left_alone(child):
            continue
        if isinstance(child, ast.stmt | ast.ExceptHandler):
            yield where, inside, child
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            below = f"{where}.{child.name}".lstrip(".")
            runs = inside or isinstance(child, ast.FunctionDef)
            yield from _below(child, below, inside=runs)
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _below(child, where, inside=inside)


def _is_left_alone(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring, or the three dots of a protocol
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass | ast.Assert):
        return True
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.ClassDef):
        return any(ast.unparse(base).startswith("Protocol") for base in node.bases)
    if isinstance(node, ast.Assign):
        only_for_types = _names_a_type(node.value)
        return only_for_types or ast.unparse(node.targets[0]) == "__all__"
    return False


def _names_a_type(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Name(id="TypeVar")):
            return True
        case ast.Subscript(value=ast.Name(id=name)):
            return name in _GENERIC
        case _:
            return False


def _bare(node: ast.AST) -> ast.AST:
    """Copy a statement's head; a body belongs to other statements."""
    bare = copy.copy(node)
    if isinstance(bare, ast.Try):
        bare.handlers, bare.orelse, bare.finalbody = [], [], [ast.Pass()]
    if hasattr(bare, "body") and isinstance(bare.body, list):
        bare.body = [ast.Pass()]
    if hasattr(bare, "orelse") and isinstance(bare.orelse, list):
        bare.orelse = []
    return copy.deepcopy(bare)


def _head(node: ast.AST) -> str:
    return ast.unparse(_bare(node)).removesuffix("\n    pass").strip()


def _first(node: ast.AST) -> int:
    decorators = getattr(node, "decorator_list", None)
    return int(decorators[0].lineno if decorators else getattr(node, "lineno", 0))


def _last(node: ast.AST) -> int:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return max(_first(node), _first(body[0]) - 1)
    return int(getattr(node, "end_lineno", 0))


# -- what ----------------------------------------------------------------------------------------


def _changed(statement: ast.AST) -> Iterator[ast.AST]:
    """Give every changed copy of one statement (of its head, if it has a body)."""
    if _can_go(statement):
        yield ast.copy_location(ast.Pass(), statement)
    original = _bare(statement)
    yield from _other_ways(original)
    for index, node in enumerate(_expressions(original)):
        for number in range(len(list(_instead(node)))):
            copied = copy.deepcopy(original)
            target = list(_expressions(copied))[index]
            new = list(_instead(target))[number]
            yield _exchanged(copied, target, new)


def _other_ways(node: ast.AST) -> Iterator[ast.AST]:
    """Give a branch turned about, a loop that never runs, and a handler that catches nothing."""
    copied = copy.deepcopy(node)
    match copied:
        case ast.If(test=test) | ast.While(test=test):
            if not isinstance(test, ast.Compare | ast.UnaryOp):
                copied.test = ast.UnaryOp(ast.Not(), test)
                yield copied
        case ast.For():
            copied.iter = ast.Tuple([], ast.Load())
            yield copied
        case ast.ExceptHandler():
            copied.type = ast.Tuple([], ast.Load())
            yield copied


def _can_go(node: ast.AST) -> bool:
    """Tell whether a statement can be left out and the names around it still mean something."""
    match node:
        case ast.Expr() | ast.Raise() | ast.AugAssign() | ast.Continue() | ast.Break():
            return True
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.Return():
            return True
        case _:
            return False


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what a run evaluates: neither annotations nor texts that tell a person what went wrong."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "body", "type_params"} and isinstance(
            node, ast.stmt | ast.arg | ast.ExceptHandler
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _says_nothing(child, node):
                yield child
                if not _is_counted(node, child):
                    yield from _expressions(child)


def _says_nothing(child: ast.AST, within: ast.AST) -> bool:
    """Tell whether no run depends on a part: a body, a message with values in it, a slot, a cast's type."""
    slots = isinstance(child, ast.keyword) and child.arg == "slots"
    casting = isinstance(within, ast.Call) and ast.unparse(within.func) == "cast"
    of_type = casting and isinstance(within, ast.Call) and child is within.args[0]
    return slots or of_type or isinstance(child, ast.stmt | ast.JoinedStr)


def _is_counted(node: ast.AST, child: ast.AST) -> bool:
    """Tell whether a tuple stands in the code only to be counted."""
    counting = isinstance(node, ast.Call) and ast.unparse(node.func) == "len"
    return counting and isinstance(child, ast.Tuple)


def _exchanged(tree: ast.AST, old: ast.AST, new: ast.AST) -> ast.AST:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, ast.copy_location(new, old))
                return tree
            if isinstance(value, list) and any(one is old for one in value):
                value[:] = [ast.copy_location(new, old) if one is old else one for one in value]
                return tree
    return tree


def _instead(node: ast.AST) -> Iterator[ast.AST]:
    """Give what may stand in a node's place."""
    yield from _other_logic(node)
    yield from _fewer(node)
    match node:
        case ast.BinOp(op=op):
            yield ast.BinOp(node.left, _ARITHMETIC[type(op)](), node.right)
        case ast.Constant(value=value):
            yield from (ast.Constant(other) for other in _constants(value))
        case ast.Slice():
            yield from _slices(node)


def _other_logic(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield ast.BoolOp(other, node.values)
            for dropped in node.values:
                yield _without(node, dropped)
        case ast.UnaryOp(operand=operand) if not isinstance(operand, ast.Constant):
            yield operand
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Call(func=ast.Name(id="any" | "all" as name)):
            other_name = "all" if name == "any" else "any"
            yield ast.Call(ast.Name(other_name, ast.Load()), node.args, node.keywords)


def _fewer(node: ast.AST) -> Iterator[ast.AST]:
    """Leave one out: of the conditions of a comprehension or a question to the database, or of some values."""
    match node:
        case ast.comprehension(ifs=ifs):
            for rest in _each_left_out(ifs):
                yield ast.comprehension(node.target, node.iter, rest, node.is_async)
        case ast.Call(func=ast.Attribute(attr="where"), args=arguments):
            for rest in _each_left_out(arguments):
                yield ast.Call(node.func, rest, node.keywords)
        case ast.Tuple(elts=elements, ctx=ast.Load()) if len(elements) > 1:
            yield from (ast.Tuple(rest, ast.Load()) for rest in _each_left_out(elements))
        case ast.Set(elts=elements) if len(elements) > 1:
            yield from (ast.Set(rest) for rest in _each_left_out(elements))


def _each_left_out(values: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for dropped in values:
        yield [one for one in values if one is not dropped]


def _comparisons(node: ast.Compare) -> Iterator[ast.AST]:
    for index, op in enumerate(node.ops):
        for other in _COMPARISONS[type(op)]:
            ops = [*node.ops]
            ops[index] = other()
            yield ast.Compare(node.left, ops, node.comparators)


def _without(node: ast.BoolOp, dropped: ast.expr) -> ast.expr:
    rest = [one for one in node.values if one is not dropped]
    return ast.BoolOp(node.op, rest) if len(rest) >= _LEAST_OPERANDS else rest[0]


def _constants(value: object) -> Iterator[object]:
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
            yield value - 1
        # What the program compares or writes; a sentence is for people.
        case str() if " " not in value:
            yield value + "X"
        case bytes():
            yield value + b"X"


def _slices(node: ast.Slice) -> Iterator[ast.AST]:
    if node.lower is not None:
        yield ast.Slice(None, node.upper, node.step)
    if node.upper is not None:
        yield ast.Slice(node.lower, None, node.step)
