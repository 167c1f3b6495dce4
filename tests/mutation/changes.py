"""Every small change of a module: an operator turned, a condition, a constant, one side left out, a statement left out.

Nothing is changed that has no behaviour: annotations, texts, aliases of types, `slots` of a dataclass.
"""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

TURNED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
OTHER_NAME = {"min": "max", "max": "min", "any": "all", "all": "any"}
_BOTH_SIDES = (ast.BitAnd, ast.BitOr)
"""Operators of which either operand is left out in turn. Of others, such as + and -, the second is."""
_ASSIGNED = {ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr}
_WITHOUT_BEHAVIOUR = frozenset({"annotation", "returns", "type_params"})


@dataclass(frozen=True)
class Change:
    """One small change of a module: in which function, what, the lines of the statement, and the module with it."""

    file: Path
    function: str
    what: str
    lines: range
    original: CodeType
    code: CodeType

    @property
    def name(self) -> str:
        """What stays the same while lines move: `policies/decide.py decide: a < b -> a <= b`."""
        return f"{self.file} {self.function or '(module)'}: {self.what}"


@dataclass(frozen=True)
class _Place:
    """Where a node stands: in a field of its parent, which may be a list; in which statement, in which function."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    statement: ast.stmt
    function: str

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def changes(file: Path) -> Iterator[Change]:
    """Yield every small change that is made of a module; the second of one name in a function is called so."""
    tree = ast.parse(file.read_text("utf-8"))
    path = str(file.resolve())
    original = compile(tree, path, "exec")
    met: Counter[str] = Counter()
    for place in _places(tree):
        for what, other in _others(place):
            place.put(ast.fix_missing_locations(ast.copy_location(copy.copy(other), place.node)))
            code = compile(tree, path, "exec")
            place.put(place.node)
            met[place.function + what] += 1
            again = met[place.function + what]
            told = what if again == 1 else f"{what} ({again})"
            yield Change(file, place.function, told, _lines(place), original, code)


def _places(node: ast.AST, statement: ast.stmt | None = None, function: str = "") -> Iterator[_Place]:
    for field, value in ast.iter_fields(node):
        if field in _WITHOUT_BEHAVIOUR:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST):
                continue
            within = child if isinstance(child, ast.stmt) else statement
            if within is not None:
                yield _Place(child, node, field, index, within, function)
            name = getattr(child, "name", "") if isinstance(child, ast.FunctionDef | ast.ClassDef) else ""
            yield from _places(child, within, f"{function}.{name}".strip("."))


def _lines(place: _Place) -> range:
    """The lines of a statement; of one that has a body, those before it, and its first as well if it is changed."""
    first, last = place.statement.lineno, place.statement.end_lineno or place.statement.lineno
    body = getattr(place.statement, "body", None)
    return range(first, max(first, body[0].lineno - 1) + 1) if body else range(first, last + 1)


def _others(place: _Place) -> Iterator[tuple[str, ast.AST]]:
    """Yield what a node is changed to, one small change at a time, each in words."""
    node = place.node
    if isinstance(node, ast.BoolOp):
        yield f"{_told(node)} by {TURNED[type(node.op)].__name__}", ast.BoolOp(TURNED[type(node.op)](), node.values)
        for number, left_out in enumerate(node.values):
            kept = [*node.values[:number], *node.values[number + 1 :]]
            yield f"without {_told(left_out)}", ast.BoolOp(node.op, kept) if len(kept) > 1 else kept[0]
    else:
        for other in _instead(place):
            yield f"{_told(node)} -> {_told(other)}", other


def _instead(place: _Place) -> Iterator[ast.AST]:
    node = place.node
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            ops = [*node.ops[:number], TURNED[type(operator)](), *node.ops[number + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BinOp):
        yield from _of_operation(place, node)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _of_constant(place, node)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OTHER_NAME:
        yield ast.Call(ast.Name(OTHER_NAME[node.func.id], ast.Load()), node.args, node.keywords)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield ast.comprehension(node.target, node.iter, [], node.is_async)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    else:
        yield from _of_statement(node)


def _of_operation(place: _Place, node: ast.BinOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.BitOr) and not place.function:
        return  # an alias of types
    if type(node.op) in TURNED:
        yield ast.BinOp(node.left, TURNED[type(node.op)](), node.right)
        return
    yield node.left
    if isinstance(node.op, _BOTH_SIDES):
        yield node.right


def _of_constant(place: _Place, node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(place.parent, ast.keyword) and place.parent.arg == "slots":
        return
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)


def _of_statement(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If):
        yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.Return):
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.AugAssign):
        yield ast.Pass()
        if type(node.op) in _ASSIGNED:
            yield ast.AugAssign(node.target, _ASSIGNED[type(node.op)](), node.value)
    elif isinstance(node, ast.Continue | ast.Break):
        yield ast.Break() if isinstance(node, ast.Continue) else ast.Continue()
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield ast.Expr(ast.YieldFrom(ast.Tuple([], ast.Load())))
    elif _can_be_left_out(node):
        yield ast.Pass()


def _can_be_left_out(node: ast.AST) -> bool:
    """Whether something is done that nothing later would miss by its name."""
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Subscript | ast.Attribute)
    return isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))


def _told(node: ast.AST) -> str:
    """Tell a node in one short line, without a body that it may have."""
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return " ".join(ast.unparse(node).split())[:160]
