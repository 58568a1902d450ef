"""The command line from the shell."""

import json
import os
import pty
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ganlift.strategies.base import strategies
from ganlift.strategies.options import build_options

PRETEND = Path(__file__).parent / "pretend.py"


def ganlift(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The real command."""
    return _run([sys.executable, "-m", "ganlift", *words], settings)


def pretend(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command with a comparison that trains nothing."""
    return _run([sys.executable, str(PRETEND), *words], settings)


def on_a_terminal(*words: str, **settings: str) -> str:
    """What a person with a terminal of 80 columns sees of `pretend`, escapes included."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm-256color", **settings}
    command = [sys.executable, str(PRETEND), *words]
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment):
        os.close(follower)
        seen = b""
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
    os.close(leader)
    return seen.decode()


def _run(command: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


VERBS = (
    *("check", "compare", "train", "train-generator", "generate", "predict", "evaluate", "export", "list", "report"),
    "cache",
)


@pytest.mark.parametrize("words", [*([verb] for verb in VERBS), []])
def test_help_has_an_example_and_is_quick(words: list[str]) -> None:
    ganlift(*words, "--help")  # compiles what has changed
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    shown = ganlift(*words, "--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert shown.returncode == 0
    assert f"Example: ganlift {' '.join(words)}" in shown.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_alone_it_shows_its_help() -> None:
    assert ganlift().returncode == 0
    assert ganlift().stdout == ganlift("--help").stdout


def test_version() -> None:
    assert re.fullmatch(r"ganlift \d+\.\d+\.\d+\n", ganlift("--version").stdout)


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["compar", "x"], "'compare'"),
        (["compare", "x", "--sedes", "3"], "--seeds"),
        (["compare", "x", "--set", "label_per_class=3"], "'labels_per_class'"),
        (["list", "strateges"], "'strategies'"),
    ],
)
def test_a_typo_is_told_the_nearest_and_exits_2(words: list[str], near: str) -> None:
    ended = ganlift(*words)
    assert ended.returncode == 2
    assert near in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare"], "'data' is missing"),
        (["compare", "x", "--seeds", "0"], "'seeds' = '0'"),
        (["compare", "x", "--budget", "5x"], "'budget' = '5x'"),
        (["compare", "x", "--config", "/nowhere.yaml"], "/nowhere.yaml"),
        (["compare", "x", "--set", "weight"], "key=value"),
    ],
)
def test_bad_options_are_one_clear_line(words: list[str], said: str) -> None:
    ended = pretend(*words)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_list_names_members_with_sentence_and_source() -> None:
    shown = ganlift("list", "classifiers").stdout
    assert "small-cnn\n    Six" in shown
    assert "Source: " in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_list_names_the_data_sets() -> None:
    assert "fashion-mini\n    6,000 training" in ganlift("list", "datasets").stdout


def test_strategies_are_listed_baselines_first_and_what_they_need() -> None:
    shown = [line for line in ganlift("list", "strategies").stdout.splitlines() if not line.startswith(" ")]
    assert shown[0] == "augment (baseline, also on features)"
    assert shown[1] == "linear-probe (baseline, on features)"
    assert "fixmatch-rotation (rival, needs unlabelled images)" in shown
    assert shown[-1].endswith(", without labels)")


def test_list_as_json_has_kinds_and_options() -> None:
    members = {one["name"]: one for one in json.loads(ganlift("list", "strategies", "--json").stdout)}
    assert {"augment", "rotation", "fixmatch", "gan-augment", "sgan", "sgan-fixmatch"} <= members.keys()
    assert members["sgan"]["kind"] == "gan"
    assert all(one["summary"] and one["source"] for one in members.values())
    assert members["sgan"]["options"]["lr"].keys() == {"default", "description", "values", "on_features"}
    assert members["fixmatch-rotation"]["options"]["lr"].keys() == {"default", "description", "values"}


def test_members_that_are_named_are_listed_alone_with_their_options() -> None:
    shown = ganlift("list", "strategies", "sgan", "neighbours", "gan-augment-vae").stdout
    names = [line.split()[0] for line in shown.splitlines() if not line.startswith(" ")]
    assert names == ["sgan", "neighbours", "gan-augment-vae"]
    words = " ".join(shown.split())
    own, there = (
        build_options(strategies.get("sgan"), {}, space).model_dump()["lr"] for space in ("pixels", "vectors")
    )
    assert (
        f"Options (--set options.sgan.NAME=VALUE): lr = {own}, on features {there}: AdamW's learning rate; above 0"
        in words
    )
    assert (
        "class_sizes = labelled: classes are to be as large as the labelled ones, or as one another; labelled, even"
        in words
    )
    assert max(map(len, shown.splitlines())) <= 80
    assert ganlift("list", "datasets", "digits").stdout.startswith("digits\n")


@pytest.mark.parametrize(
    ("kind", "name", "near"), [("strategies", "nieghbours", "neighbours"), ("datasets", "digit", "digits")]
)
def test_a_misspelt_member_is_told_the_nearest(kind: str, name: str, near: str) -> None:
    ended = ganlift("list", kind, name)
    assert ended.returncode == 2
    assert f"Did you mean '{near}'?" in ended.stderr
    assert ended.stdout == ""


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    command = f"{sys.executable} -m ganlift compare --help | head -c 1"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert ended.stderr == ""


def test_options_come_before_the_file_and_set_before_both(tmp_path: Path) -> None:
    path, asked = tmp_path / "c.yaml", tmp_path / "asked.json"
    path.write_text("data: there\nseeds: 7\nbudget: 90\njobs: 3\noptions:\n  sgan: {weight: 1, lr: 0.5}\n")
    words = ["--config", str(path), "--seeds", "4,5", "--budget", "5m", "--labels-per-class", "10"]
    ended = pretend(
        "compare", "here", *words, "--set", "options.sgan.weight=0.3", "--set", "budget=70", ASKED=str(asked)
    )
    assert ended.returncode == 0, ended.stderr
    config = json.loads(asked.read_text())
    assert (config["data"], config["seeds"], config["budget"], config["jobs"]) == ("here", [4, 5], 70, 3)
    assert config["options"] == {"sgan": {"weight": 0.3, "lr": 0.5}}
    assert config["labels_per_class"] == 10


@pytest.mark.parametrize("verb", ["compare", "compare-generators"])
def test_threads_and_jobs_are_asked_for_alike(verb: str, tmp_path: Path) -> None:
    asked = tmp_path / "asked.json"
    ended = pretend(verb, "x", "--threads", "3", "--jobs", "2", ASKED=str(asked))
    assert ended.returncode == 0, ended.stderr
    config = json.loads(asked.read_text())
    assert (config["threads"], config["jobs"]) == (3, 2)


def test_without_a_terminal_it_prints_plain_lines_of_80_columns() -> None:
    ended = pretend("compare", "fashion-mini", "--out", "runs/x")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in ended.stdout
    assert "Takes:       about 9 min" in lines
    assert "Arms:        2 strategies × 2 seeds = 4 arms" in lines
    assert "[2/4] sgan, seed 0: accuracy 71.0 %, 12 s (generator 3 s); about 9 min left" in lines
    assert "sgan, seed 2: FAILED: out of memory" in ended.stdout
    assert "sgan      2 of 3   72.0 ± 1.4  +3.4 (+1.2 to +5.6)  augment    12 s" in lines
    assert ended.stdout.index("Takes:") < ended.stdout.index("[1/4]") < ended.stdout.index("sgan helps")
    assert lines[-2:] == ["Winner: sgan, seed 1, in runs/x/classifier", "Report: runs/x/report.html"]


def test_names_cannot_steer_the_terminal_or_the_layout() -> None:
    shown = pretend("compare", "\x1b]0;title\x07\u202e").stdout
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert r"\x1b]0;title\x07\u202e" in shown
    assert r"\x1b[31mred, [bold]x" in shown
    assert r"bad\x07.png" in shown


def test_a_long_path_stays_on_one_line() -> None:
    out = "/".join(["a-long-name"] * 12)
    assert f"Report: {out}/report.html\n" in pretend("compare", "x", "--out", out).stdout


def test_json_is_all_there_is_on_standard_output() -> None:
    ended = pretend("compare", "x", "--json")
    found = json.loads(ended.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found.keys() == {"rows", "verdicts", "best", "report_path", "run", "measure"}
    assert len(found["rows"]) == 5
    assert found["rows"][0]["ece"] is None
    assert found["verdicts"][0]["verdict"] == "helps"
    assert found["report_path"] == "run/report.html"
    assert ended.stderr == ""


def test_quiet_prints_the_verdicts_alone() -> None:
    assert pretend("compare", "x", "--quiet").stdout == (
        "sgan helps: 3.4 points more than augment (1.2 to 5.6, corrected p 0.003, 2\n"
        "seeds), for 6 times the training time.\n"
    )


def test_a_terminal_gets_bars_with_speed_and_time_left() -> None:
    seen = on_a_terminal("compare", "fashion-mini", PAUSE="0.06")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert "5,432 images/s" in plain
    assert re.search(r"all arms.*1/4 arms\s+9 min left", plain)
    assert "\x1b[2K" in seen
    assert "Report: run/report.html" in plain


def test_no_color_is_respected() -> None:
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", on_a_terminal("compare", "x"))
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", on_a_terminal("compare", "x", NO_COLOR="1"))


def test_what_the_user_can_mend_is_one_line_and_2() -> None:
    ended = pretend("compare", "refuse", "--quiet")
    assert ended.returncode == 2
    assert ended.stderr == "Error: Class 'a\\x1b[31m' of photos/ has no image; add some.\n"
    assert ended.stdout == ""


@pytest.mark.parametrize(("data", "code"), [("interrupt", 130), ("terminate", 143)])
def test_a_stop_says_how_to_go_on(data: str, code: int) -> None:
    ended = pretend("compare", data)
    assert ended.returncode == code
    assert "the same command continues" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_fault_of_ours_is_logged_in_the_run(tmp_path: Path) -> None:
    ended = pretend("compare", "crash", "--out", str(tmp_path))
    assert ended.returncode == 1
    assert "RuntimeError: kaboom" in ended.stderr
    assert str(tmp_path / "run.log") in ended.stderr
    assert ended.stderr.count("\n") == 1
    log = (tmp_path / "run.log").read_text()
    assert log.startswith("Traceback")
    assert log.endswith("RuntimeError: kaboom\n")


def test_without_a_run_folder_it_is_logged_elsewhere(tmp_path: Path) -> None:
    ended = pretend("compare", "crash", "--out", str(tmp_path / "none"), TMPDIR=str(tmp_path))
    assert ended.returncode == 1
    (log,) = tmp_path.glob("ganlift-*.log")
    assert str(log) in ended.stderr
    assert "kaboom" in log.read_text()
    assert not (tmp_path / "none").exists()


def test_a_c_locale_does_not_break_the_output() -> None:
    ended = pretend("compare", "x", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert "Report: run/report.html" in ended.stdout


def test_a_shell_completes_verbs_and_options() -> None:
    asked = {"_GANLIFT_COMPLETE": "complete_bash", "COMP_WORDS": "ganlift gener", "COMP_CWORD": "1"}
    assert "generate" in ganlift(**asked).stdout.split()
    asked |= {"COMP_WORDS": "ganlift compare --labels", "COMP_CWORD": "2"}
    assert "--labels-per-class" in ganlift(**asked).stdout


@pytest.mark.parametrize(
    "words", [("check", "{}"), ("compare", "digits", "--out", "{}"), ("predict", "{}", "x"), ("evaluate", "{}")]
)
def test_a_path_that_is_too_long_is_told_in_a_sentence(words: tuple[str, ...]) -> None:
    ended = ganlift(*(word.format("a" * 300) for word in words))
    assert ended.returncode == 2
    assert ended.stderr.rstrip().endswith("file name too long. Check the path.")
    assert "Traceback" not in ended.stderr
