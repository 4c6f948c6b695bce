"""The small mutations of a source that `benchmarks/mutants.py` samples: one changed expression each."""

import ast
import copy
import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass

COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitOr,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.MatMult: (ast.Mult,),
}
NAMES = {
    "min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor", "sum": "max",
    "minimum": "maximum", "maximum": "minimum", "argmin": "argmax", "argmax": "argmin", "amin": "amax",
    "amax": "amin", "mean": "sum", "zeros": "ones", "ones": "zeros", "zeros_like": "ones_like",
    "ones_like": "zeros_like", "continue": "break", "logical_and": "logical_or", "logical_or": "logical_and",
    "clamp_min": "clamp_max", "clamp_max": "clamp_min", "cumsum": "cumprod", "left": "right", "right": "left",
}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """One changed piece of a source.

    Attributes:
        file: path from the root of the project.
        line: of the piece, from 1.
        text: that line.
        start: where the piece begins, in bytes of the source.
        end: where it ends.
        old: the piece.
        new: what stands in its place.
    """

    file: str
    line: int
    text: str
    start: int
    end: int
    old: str
    new: str

    @property
    def key(self) -> str:
        """Name of the mutation, which outlives changes elsewhere in the file."""
        return hashlib.sha256(repr((self.file, self.text, self.old, self.new)).encode()).hexdigest()[:12]

    def apply(self, source: bytes) -> bytes:
        """The mutated source."""
        return source[: self.start] + self.new.encode() + source[self.end :]

    def to_json(self) -> dict[str, object]:
        """Its name and its attributes."""
        return {"key": self.key, **asdict(self)}


def find_mutations(file: str, source: bytes) -> list[Mutation]:
    """Every mutation of a source, in the order of its lines; none of annotations, messages and docstrings."""
    lines = source.splitlines(keepends=True)
    begins = [0]
    for line in lines:
        begins.append(begins[-1] + len(line))
    found = []
    for node, new in _walk(ast.parse(source)):
        start = begins[node.lineno - 1] + node.col_offset
        end = begins[node.end_lineno - 1] + node.end_col_offset
        old = source[start:end].decode()
        if new != old:
            text = lines[node.lineno - 1].decode().strip()
            found.append(Mutation(file, node.lineno, text, start, end, old, new))
    return sorted(set(found), key=lambda each: (each.start, each.end, each.new))


def _walk(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    yield from _of_node(node)
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _says_nothing(child):
                continue
            yield from _walk(child)


def _says_nothing(node: ast.AST) -> bool:
    """Whether a node is no behaviour that a test should hold: messages, logs, aliases of types, imports."""
    if isinstance(node, ast.keyword) and node.arg == "strict":  # zip's guard against a bug that is not there
        return True
    if isinstance(node, ast.JoinedStr | ast.Raise | ast.Import | ast.ImportFrom | ast.Assert):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func).startswith("logger.")
    return isinstance(node, ast.Assign) and ast.unparse(node.value).startswith(("Literal[", "TypeVar("))


def _of_node(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    match node:
        case ast.Compare(ops=ops):
            for number, operator in enumerate(ops):
                for other in COMPARISONS[type(operator)]:
                    changed = copy.deepcopy(node)
                    changed.ops[number] = other()
                    yield node, f"({ast.unparse(changed)})"
        case ast.BinOp() | ast.AugAssign():
            if isinstance(node, ast.BinOp) and any(_is_text(side) for side in (node.left, node.right)):
                return
            for other in ARITHMETIC[type(node.op)]:
                changed = copy.deepcopy(node)
                changed.op = other()
                text = ast.unparse(changed)
                yield node, f"({text})" if isinstance(node, ast.BinOp) else text
        case ast.BoolOp(values=values):
            changed = copy.deepcopy(node)
            changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield node, f"({ast.unparse(changed)})"
            for number in range(len(values)):  # one condition dropped
                kept = [value for index, value in enumerate(values) if index != number]
                yield node, f"({f' {_word(node.op)} '.join(f'({ast.unparse(value)})' for value in kept)})"
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            if not isinstance(node.operand, ast.Constant):
                yield node, f"({ast.unparse(node.operand)})"
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.comprehension(ifs=[test]):
            if not isinstance(node, ast.While):
                yield test, "(True)"
            yield test, "(False)"
        case ast.Constant(value=bool() as value):
            yield node, str(not value)
        case ast.Constant(value=int() as value):
            yield node, str(value + 1)
            if value > 0:
                yield node, str(value - 1 if value <= 4 else value // 2)
        case ast.Constant(value=float() as value):
            yield node, repr(value * 2 if value else 1.0)
            yield node, repr(value / 2 if value else -1.0)
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in NAMES:
            changed = copy.deepcopy(node)
            setattr(changed, "id" if isinstance(node, ast.Name) else "attr", NAMES[name])
            yield node, ast.unparse(changed)
        case ast.Call(keywords=keywords):
            for number, keyword in enumerate(keywords):  # one setting left to its default
                if keyword.arg not in (None, "strict"):
                    changed = copy.deepcopy(node)
                    del changed.keywords[number]
                    yield node, ast.unparse(changed)
        case ast.Continue():
            yield node, "break"
        case ast.Break():
            yield node, "continue"
        case ast.Expr(value=ast.Call()) | ast.Delete():
            yield node, "pass"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _word(operator: ast.boolop) -> str:
    return "and" if isinstance(operator, ast.And) else "or"
