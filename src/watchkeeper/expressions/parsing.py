"""An expression in CEL as a small tree.

The parser is that of cel-python, so the grammar is the standard's; what a dialect does not know is
refused here with its position and with what is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from watchkeeper.core.errors import RuleError
from watchkeeper.expressions.hints import suggest
from watchkeeper.expressions.nodes import Call, Items, Literal, Name, Node, Position

if TYPE_CHECKING:
    from lark import Token, Tree

_OPERATORS = {
    "relation_lt": "<", "relation_le": "<=", "relation_gt": ">", "relation_ge": ">=",
    "relation_eq": "==", "relation_ne": "!=", "relation_in": "in", "addition_add": "+",
    "addition_sub": "-", "multiplication_mul": "*", "multiplication_div": "/",
    "multiplication_mod": "%", "unary_not": "!", "unary_neg": "-",
}  # fmt: skip
_CHAINS = {"conditionalor": "||", "conditionaland": "&&"}
_MAX_LENGTH = 10_000
_MAX_DEPTH = 60


class ExpressionError(RuleError):
    """An expression that cannot be read or does not fit.

    Attributes
    ----------
    at
        Where in the expression.
    """

    def __init__(self, message: str, at: Position) -> None:
        super().__init__(message)
        self.at = at

    @property
    def reason(self) -> str:
        """The message without the position, for those who know a better one."""
        return str(self).replace(f" at {self.at}", "", 1)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one kind of expression may hold.

    Attributes
    ----------
    functions
        What may be called; None: any, the reader of the tree decides.
    root
        The name below which others stand, as in `row.price` and `row["price"]`.
    qualified
        Whether `root.x` is told apart from `x`; then it may also be called.
    kind, empty, bare, member, brackets, objects
        Words of the errors: what the expression is; what to write where it is empty; what to do
        with the root alone, with a member of something else, with brackets, with objects.
    """

    functions: tuple[str, ...] | None
    root: str = ""
    qualified: bool = False
    kind: str = "rule"
    empty: str = "write a condition"
    bare: str = "names nothing by itself"
    member: str = "there are no fields"
    brackets: str = "brackets at {at} are not supported"
    objects: str = "use names, constants and operators"


@lru_cache(maxsize=16_384)
def parse(text: str, dialect: Dialect) -> Node:
    """The tree of an expression.

    Raises
    ------
    RuleError
        The text is no CEL, or uses what the dialect does not know; an `ExpressionError` where a
        place can be named.

    Examples
    --------
    >>> parse("price > 0", Dialect(())).name
    '>'
    """
    from celpy.celparser import CELParseError, CELParser  # costs 0.1 s

    kind = dialect.kind
    if not text.strip():
        raise RuleError(f"the {kind} is empty; {dialect.empty}")
    if len(text) > _MAX_LENGTH:
        raise RuleError(f"the {kind} has {len(text)} characters, {_MAX_LENGTH} are allowed")
    try:
        return _Reader(dialect).expression(CELParser().parse(text))
    except CELParseError as error:
        raise _syntax_error(text, error.line, error.column, kind) from error
    except RecursionError:
        raise RuleError(f"the {kind} is nested too deeply; split it into several {kind}s") from None


def _syntax_error(text: str, line: int | None, column: int | None, kind: str) -> ExpressionError:
    """What is wrong where, with the usual slips named."""
    rows = text.splitlines() or [""]
    placed = column is not None and column > 0
    row = rows[max(line or 1, 1) - 1 if (line or 1) > 0 else -1]
    rest = row[(column or 1) - 1 :] if placed else ""
    slips = {"=": "==", "and ": "&&", "or ": "||", "not ": "!", "<>": "!=", "is ": "=="}
    hint = next(
        (f"; write {right} for {wrong.strip()}" for wrong, right in slips.items()
         if rest.startswith(wrong)),
        "",
    )  # fmt: skip
    if not hint and row.strip().startswith("not "):
        hint = "; write ! for not"
    at = Position(line or 1, column or 1) if placed else Position(len(rows), len(rows[-1]) + 1)
    where = f"at {at}" if placed else "at its end"
    near = (rest or row)[:20]
    return ExpressionError(f"the {kind} {text!r} cannot be read {where}, near {near!r}{hint}", at)


def _at(tree: Tree[Token] | Token) -> Position:
    place: Any = getattr(tree, "meta", tree)
    return Position(getattr(place, "line", None) or 1, getattr(place, "column", None) or 1)


def _links(tree: Any) -> list[Any]:
    """The parts of `a && b && c`, which the grammar nests to the left."""
    links: list[Any] = []
    chain = tree.data
    while tree.data == chain and len(tree.children) == 2:
        links.append(tree.children[1])
        tree = tree.children[0]
    return [tree, *reversed(links)]


def _negated(operator: str, operand: Node, at: Position) -> Node:
    """A minus before a number is part of the number."""
    if operator == "-":
        if isinstance(operand, Literal) and type(operand.value) in (int, float):
            return Literal(-operand.value, at)  # type: ignore[operator]  # a number, see above
        return Call("neg", (operand,), at)
    return Call("!", (operand,), at)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns the parser's tree into ours."""

    dialect: Dialect

    def expression(self, tree: Tree[Token], depth: int = 0) -> Node:
        """Any tree of the grammar: chains of one child stand for that child."""
        if depth > _MAX_DEPTH:
            raise RecursionError
        while len(tree.children) == 1 and tree.data not in _LEAVES:
            tree = tree.children[0]  # type: ignore[assignment]  # only leaves hold tokens
        if tree.data in _LEAVES:
            leaf: Node = getattr(self, _LEAVES[tree.data])(tree, depth + 1)
            return leaf
        children: list[Any] = tree.children
        at = _at(tree)
        if tree.data == "expr":
            return Call("?:", tuple(self.expression(c, depth + 1) for c in children), at)
        if tree.data in _CHAINS:
            links = tuple(self.expression(link, depth + 1) for link in _links(tree))
            return Call(_CHAINS[tree.data], links, at)
        first, second = children
        operator = _OPERATORS[first.data]
        if tree.data == "unary":
            return _negated(operator, self.expression(second, depth + 1), at)
        left = self.expression(first.children[0], depth + 1)
        return Call(operator, (left, self.expression(second, depth + 1)), at)

    def literal(self, tree: Tree[Token], _depth: int) -> Node:
        """A constant."""
        from celpy.evaluation import celstr  # costs 0.1 s

        token: Any = tree.children[0]
        at = _at(tree)
        text = str(token)
        match token.type:
            case "NULL_LIT":
                return Literal(None, at)
            case "BOOL_LIT":
                return Literal(text == "true", at)
            case "INT_LIT" | "UINT_LIT":
                number = int(text.rstrip("uU"), 0) if "x" in text else int(text.rstrip("uU"))
                if not -(2**63) <= number < 2**63:
                    told = f"{text} at {at} does not fit into 64 bits; write it as {text}.0"
                    raise ExpressionError(told, at)
                return Literal(number, at)
            case "FLOAT_LIT":
                return Literal(float(text), at)
            case "STRING_LIT" | "MLSTRING_LIT":
                return Literal(str(celstr(token)), at)
        kind = self.dialect.kind
        told = f"bytes ({text} at {at}) are not supported in {kind}s; write text in quotes"
        raise ExpressionError(told, at)

    def ident(self, tree: Tree[Token], _depth: int) -> Node:
        """A name by itself."""
        name, at = str(tree.children[0]), _at(tree)
        if name == self.dialect.root:
            raise ExpressionError(f"{name} at {at} {self.dialect.bare}", at)
        return Name(name, at)

    def function(self, tree: Tree[Token], depth: int) -> Node:
        """`f(a, b)`."""
        name, *rest = tree.children
        return self._call(str(name), self._arguments(rest, depth), _at(tree))

    def method(self, tree: Tree[Token], depth: int) -> Node:
        """`a.f(b)`, which is `f(a, b)` but below a root."""
        target, name, *rest = tree.children
        if self.dialect.qualified and self._is_root(target):
            arguments = self._arguments(rest, depth)
            return Call(str(name), arguments, _at(tree), self.dialect.root)
        first = self.expression(target, depth)  # type: ignore[arg-type]  # a tree, by the grammar
        return self._call(str(name), (first, *self._arguments(rest, depth)), _at(tree))

    def field(self, tree: Tree[Token], _depth: int) -> Node:
        """`row.a`."""
        target, name = tree.children
        if self._is_root(target):
            return self._below(str(name), tree)
        at = _at(tree)
        raise ExpressionError(f".{name} at {at}: {self.dialect.member}", at)

    def index(self, tree: Tree[Token], depth: int) -> Node:
        """`row["a"]`."""
        target, key = tree.children
        inner = self.expression(key, depth)  # type: ignore[arg-type]  # a tree, by the grammar
        if self._is_root(target) and isinstance(inner, Literal) and isinstance(inner.value, str):
            return self._below(inner.value, tree)
        at = _at(tree)
        raise ExpressionError(self.dialect.brackets.format(at=at), at)

    def items(self, tree: Tree[Token], depth: int) -> Node:
        """`[a, b]`."""
        return Items(self._arguments(tree.children, depth), _at(tree))

    def parenthesis(self, tree: Tree[Token], depth: int) -> Node:
        """`(a)`."""
        return self.expression(tree.children[0], depth)  # type: ignore[arg-type]  # as above

    def unsupported(self, tree: Tree[Token], _depth: int) -> Node:
        """What no dialect has."""
        at = _at(tree)
        raise ExpressionError(
            f"maps, objects and names that begin with a dot (at {at}) are not supported in "
            f"{self.dialect.kind}s; {self.dialect.objects}",
            at,
        )

    def _arguments(self, children: list[Any], depth: int) -> tuple[Node, ...]:
        return tuple(self.expression(c, depth) for tree in children for c in tree.children)

    def _below(self, name: str, tree: Tree[Token]) -> Name:
        return Name(name, _at(tree), self.dialect.root if self.dialect.qualified else "")

    def _call(self, name: str, arguments: tuple[Node, ...], at: Position) -> Node:
        functions = self.dialect.functions
        if functions is not None and name not in functions:
            raise ExpressionError(
                f"the function {name}() at {at} is not supported in {self.dialect.kind}s"
                f"{suggest(name, functions)}; supported are {', '.join(functions)}",
                at,
            )
        return Call(name, arguments, at)

    def _is_root(self, tree: Any) -> bool:
        while len(tree.children) == 1 and tree.data != "ident":
            tree = tree.children[0]
            if not hasattr(tree, "children"):
                return False
        return tree.data == "ident" and str(tree.children[0]) == self.dialect.root


_LEAVES = {
    "literal": "literal",
    "ident": "ident",
    "ident_arg": "function",
    "member_dot_arg": "method",
    "member_dot": "field",
    "member_index": "index",
    "list_lit": "items",
    "paren_expr": "parenthesis",
    "map_lit": "unsupported",
    "member_object": "unsupported",
    "dot_ident": "unsupported",
    "dot_ident_arg": "unsupported",
}
