"""Every small change of a module: an operator turned, a condition, a constant, a filter, a statement that is left out.

A line that ends in `# equivalent: WHY` is left alone, for nothing changes in effect.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

EQUIVALENT = "# equivalent:"
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
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.LShift: ast.RShift,
}
_BLOCKS = (ast.FunctionDef, ast.If, ast.For, ast.With, ast.Try, ast.ExceptHandler)
Alteration = tuple[str, Callable[[ast.AST], None]]
"""What is done to a node, in words, and how."""


@dataclass(frozen=True)
class Change:
    """One small change of a module: where, what, and the module with it."""

    file: Path
    line: int
    what: str
    tree: ast.Module


def changes(file: Path) -> Iterator[Change]:
    """Yield every small change that is made of a module."""
    source = file.read_text("utf-8")
    lines, tree = source.splitlines(), ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        line = _line(node)
        if not line or EQUIVALENT in lines[line - 1]:
            continue
        for what, alter in (*_operators(node), *_choices(node), *_values(node), *_omissions(node)):
            changed = copy.deepcopy(tree)
            alter(next(other for number, other in enumerate(ast.walk(changed)) if number == place))
            yield Change(file, line, f"{what}: {lines[line - 1].strip()}", ast.fix_missing_locations(changed))


def _line(node: ast.AST) -> int:
    if isinstance(node, ast.comprehension):
        return node.ifs[0].lineno if node.ifs else 0
    return getattr(node, "lineno", 0)


def _operators(node: ast.AST) -> Iterator[Alteration]:
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            if type(operator) in TURNED:
                yield f"{type(operator).__name__} turned", lambda other, number=number: _turn(other.ops, number)
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign) and type(node.op) in TURNED:
        yield f"{type(node.op).__name__} turned", lambda other: setattr(other, "op", TURNED[type(other.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield f"{type(node.op).__name__} dropped", lambda other: setattr(other, "op", ast.UAdd())


def _choices(node: ast.AST) -> Iterator[Alteration]:
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "condition turned", lambda other: setattr(other, "test", ast.UnaryOp(ast.Not(), other.test))
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "filter dropped", lambda other: other.ifs.clear()


def _values(node: ast.AST) -> Iterator[Alteration]:
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield "returns None", lambda other: setattr(other, "value", ast.Constant(None))
    elif isinstance(node, ast.Constant) and type(node.value) in (bool, int):
        changed = (not node.value) if isinstance(node.value, bool) else node.value + 1
        yield f"{node.value} is {changed}", lambda other: setattr(other, "value", changed)


def _omissions(node: ast.AST) -> Iterator[Alteration]:
    for number, statement in enumerate(node.body if isinstance(node, _BLOCKS) else ()):
        is_call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        if is_call or isinstance(statement, ast.Raise | ast.AugAssign):
            yield f"without line {statement.lineno}", lambda other, number=number: _leave_out(other.body, number)


def _turn(operators: list[ast.AST], number: int) -> None:
    operators[number] = TURNED[type(operators[number])]()


def _leave_out(statements: list[ast.stmt], number: int) -> None:
    statements[number] = ast.Pass()


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
