"""The rules that keep the project liveable, each a function from one module to the places that break it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

STAGES = ("forms", "intake", "load", "measure", "publish", "keeping")
FOUNDATION = (
    "flows.errors",
    "flows.failpoints",
    "flows.names",
    "flows.settings",
)  # what every stage may import of the top level
ABOVE = ("prove",)  # folders that stand above the stages, as flows/*.py does
WALL_CLOCKS = {
    *(f"{kind}.{call}" for kind in ("datetime", "datetime.datetime") for call in ("now", "utcnow", "today")),
    *("date.today", "datetime.date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime"),
}
MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file, by its path in the repository."""

    path: PurePosixPath
    text: str

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @property
    def is_top_level_flow(self) -> bool:
        """Whether it is flows/*.py, and not in a stage."""
        return self.path.parent == PurePosixPath("flows")

    @property
    def stage(self) -> str | None:
        """The stage it belongs to."""
        parts = self.path.parts
        return parts[1] if len(parts) > 2 and parts[0] == "flows" else None


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Everything imported, as dotted names, with the line; `from a import b` gives `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(module.path.parent.parts[: len(module.path.parent.parts) - node.level + 1])
            base = ".".join(part for part in (package if node.level else "", node.module or "") if part)
            yield from ((node.lineno, f"{base}.{name.name}") for name in node.names)


def is_within(name: str, package: str) -> bool:
    """Whether a dotted name is the package or in it."""
    return name == package or name.startswith(f"{package}.")


def prefect_below_the_top(module: Module) -> list[str]:
    """Only flows/*.py imports prefect: every stage is a plain function that a person can call."""
    if module.is_top_level_flow:
        return []
    return [f"{module.path}:{line} imports {name}" for line, name in imports(module) if is_within(name, "prefect")]


def duckdb_outside_load(module: Module) -> list[str]:
    """Only flows/load/ connects to DuckDB; elsewhere its classes may be named, as types and errors are."""
    if module.stage == "load":
        return []
    return [
        f"{module.path}:{line} imports {name}"
        for line, name in imports(module)
        if is_within(name, "duckdb") and not name.rpartition(".")[2][0].isupper()
    ]


def environment_outside_settings(module: Module) -> list[str]:
    """Only settings.py reads the environment."""
    if module.path == PurePosixPath("flows/settings.py"):
        return []
    words = {"os.environ", "os.environb", "os.getenv", "os.putenv", "os.path.expandvars"}
    used = [(line, name) for line, name in (*dotted(module), *imports(module)) if name in words]
    return [f"{module.path}:{line} reads {name}" for line, name in used]


def wall_clock_below_the_top(module: Module) -> list[str]:
    """Below flows/*.py the time is an argument, so that a night can be told again."""
    if module.is_top_level_flow:
        return []
    used = [(line, name) for line, name in (*dotted(module), *imports(module)) if name in WALL_CLOCKS]
    return [f"{module.path}:{line} asks {name}" for line, name in used]


def import_to_the_right(module: Module) -> list[str]:
    """Nothing imports what comes after it: schemas, then each stage in its order, then the top level."""
    if module.is_top_level_flow or module.stage in ABOVE:
        return []
    allowed = STAGES[: STAGES.index(module.stage) + 1] if module.stage else ()
    mine = (*FOUNDATION, *(f"flows.{stage}" for stage in allowed))
    if module.stage is None:  # schemas know the errors they raise, and nothing else of flows
        mine = ("flows.errors",)
    return [
        f"{module.path}:{line} imports {name}"
        for line, name in imports(module)
        if is_within(name, "flows") and not any(is_within(name, package) for package in mine)
    ]


def too_long(module: Module) -> list[str]:
    """A module is one room."""
    lines = len(module.text.splitlines())
    return [f"{module.path} has {lines} lines"] if lines > MOST_LINES else []


def undocumented(module: Module) -> list[str]:
    """Every public module, class, function and method says what it does."""
    missing = [] if ast.get_docstring(module.tree) else [f"{module.path} says nothing"]
    return missing + [
        f"{module.path}:{node.lineno} {node.name} says nothing"
        for node in _public(module.tree)
        if ast.get_docstring(node) is None
    ]


def dotted(module: Module) -> Iterator[tuple[int, str]]:
    """Every `a.b.c` in the code, with its line."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            name = _dotted_name(node)
            if name is not None:
                yield node.lineno, name


def _dotted_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted_name(node.value)
        return before and f"{before}.{node.attr}"
    return None


Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _public(tree: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


RULES = (
    prefect_below_the_top,
    duckdb_outside_load,
    environment_outside_settings,
    wall_clock_below_the_top,
    import_to_the_right,
    too_long,
    undocumented,
)
