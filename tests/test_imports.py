"""What an import costs: the package and its help are there without torch; and that no imports run in a circle."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import ganlift

HEAVY = {"torch", "lightning_fabric", "torchmetrics", "sklearn", "optuna", "PIL"}
HELP = [[], ["--help"], ["--version"], ["compare", "--help"], ["list", "--help"], ["report", "--help"]]
HELP += [
    [verb, "--help"] for verb in ("check", "train", "train-generator", "generate", "predict", "evaluate", "export")
]


def run(*lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "code",
    ["import ganlift; ganlift.__version__", "import ganlift.config, ganlift.runs.lock", "import ganlift.verdict"],
)
def test_what_imports_nothing_heavy(code: str) -> None:
    ended = run(code, "import sys", f"loaded = {HEAVY} & sys.modules.keys()", "assert not loaded, loaded")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("words", HELP)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    ended = run(
        "import sys",
        "from ganlift.cli.main import main",
        f"sys.argv = ['ganlift', *{words}]",
        "try:",
        "    main()",
        "except SystemExit as end:",
        "    assert not end.code, end.code",
        f"loaded = {HEAVY} & sys.modules.keys()",
        "assert not loaded, loaded",
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout


def test_compare_is_a_function_whatever_was_imported_before() -> None:
    ended = run(
        "import inspect, ganlift, ganlift.executors.base",
        "from ganlift.executors.base import attempt",
        "assert inspect.isfunction(ganlift.compare), ganlift.compare",
        "from ganlift.comparison import plan",
        "from ganlift import compare",
        "from ganlift.api import compare as same",
        "assert compare is same is ganlift.compare",
    )
    assert ended.returncode == 0, ended.stderr


def test_an_unknown_name_is_an_attribute_error() -> None:
    ended = run("import ganlift", "ganlift.comparee")
    assert "has no attribute 'comparee'" in ended.stderr


def test_no_imports_run_in_a_circle() -> None:
    """Those in functions count, since they only hide one; those for types alone, and the package's doors, do not."""
    folder = Path(ganlift.__file__).parent
    files = {module_name(path, folder): path for path in folder.rglob("*.py")}
    doors = {"ganlift"}
    graph = {name: imported(path, files.keys()) - {name} - doors for name, path in files.items() if name not in doors}
    assert "ganlift.cli.tables" in graph["ganlift.cli.quality"]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(f"modules that import each other: {' <- '.join(circle.args[1])}")


def module_name(path: Path, folder: Path) -> str:
    return ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path, known: set[str]) -> set[str]:
    """The modules among ``known`` that the file names in its imports."""
    found = set()
    for node in imports(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & known or {str(node.module)}
    return found & known


def imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import below ``node`` but those under ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from imports(child)
