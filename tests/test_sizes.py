"""The size limits of the code: small files, small functions, small callbacks."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(
    path for room in ("app", "pipeline", "lakehouse") for path in (ROOT / room).rglob("*.py")
)
FUNCTION, CALLBACK, REGISTER = 40, 12, 60
FILE, PAGE = 300, 200
PARAMETERS, INPUTS = 6, 5
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines of a function without its docstring and its signature's decorators."""
    body = function.body
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def callback(function: Function) -> ast.Call | None:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(".callback"):
            return decorator
    return None


def inputs(call: ast.Call) -> int:
    """Inputs and states that a callback declares."""
    named = ("Input", "State")
    calls = (node for node in ast.walk(call) if isinstance(node, ast.Call))
    return sum(ast.unparse(node.func).split(".")[-1] in named for node in calls)


def limit(function: Function) -> int:
    if callback(function):
        return CALLBACK
    return REGISTER if function.name == "register" else FUNCTION


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_and_its_functions_are_small(path: Path) -> None:
    """A reader can hold any file and any function in mind."""
    text = path.read_text()
    most = PAGE if path.parent.name == "pages" else FILE
    assert len(text.splitlines()) <= most
    for function in functions(ast.parse(text)):
        assert length(function) <= limit(function), f"{function.name}: {length(function)} lines"
        named = [
            a for a in function.args.args + function.args.kwonlyargs if a.arg not in ("self", "cls")
        ]
        call = callback(function)
        if call is None:
            assert len(named) <= PARAMETERS, f"{function.name}: {len(named)} parameters"
        else:
            assert inputs(call) <= INPUTS, f"{function.name}: {inputs(call)} inputs and states"
