"""What an import costs: the package and its help are there without torch."""

import subprocess
import sys

import pytest

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
