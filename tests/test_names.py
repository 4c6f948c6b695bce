"""One name, one thing: no public name of a module stands for two things in the package."""

import ast
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "severstal"

# Of another kind: the one logger, by the name that every module gives it; and the annotation formats, modules
# with the same two functions each, which `annotations.formats` chooses from.
IDIOMS = {"logger"}
FORMATS = {"read", "write"}


def public_names(path: Path) -> set[str]:
    """The names that a module defines at its top level without a leading underscore."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


def test_public_names_are_unique() -> None:
    found = defaultdict(list)
    for path in sorted(SOURCE.rglob("*.py")):
        if path.is_relative_to(SOURCE / "cli"):
            continue  # a command is called as its word is, which may be a function's too
        for name in public_names(path) - IDIOMS:
            if name in FORMATS and path.is_relative_to(SOURCE / "annotations"):
                continue
            found[name].append(path.relative_to(SOURCE).as_posix())
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_text_is_formatted_and_only_commands_print() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        if path.is_relative_to(SOURCE / "cli"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            )
            assert not called, f"{path}:{node.lineno}: logger.info says it, or a command prints it"
            assert not (isinstance(node, ast.FunctionDef) and node.name.startswith("print_")), path
