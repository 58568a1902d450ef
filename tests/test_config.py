"""What a comparison is asked for: defaults, YAML, ``--set``, budgets, and clear refusals."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ganlift.config import CompareConfig, apply_sets, build_config, load_config, read_config
from ganlift.config_values import Seconds, Steps, parse_budget
from ganlift.errors import ConfigError
from ganlift.looks import AUTO, THOROUGH, Looks
from ganlift.plain_yaml import read_yaml, yaml_text

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
KEY = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)


def test_defaults() -> None:
    config = build_config({"data": "fashion-mini"})
    assert config.strategies == ["auto"]
    assert config.seeds == "auto"
    assert config.seed_list() == [0, 1, 2, 3, 4, 5, 6]
    assert (config.thorough, config.margin, config.equal) == (False, 1.0, "both")
    assert config.budget is None


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("1.5h", 5400), (" 1H1m1s ", 3661), ("0h5m", 300)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_budget(text) == Seconds(seconds)


@pytest.mark.parametrize(
    "text", ["", "0", "0m", "-5", "5x", "m", "1m1h", "5 m", "1e3", "5m5", "٥", "nan", True, 2.5, 0]
)
def test_what_is_no_budget(text: Any) -> None:
    with pytest.raises(ConfigError, match="90s, 5m or 1h30m"):
        parse_budget(text)


@given(st.integers(1, 10**9))
def test_steps_are_steps_as_text_too(count: int) -> None:
    assert parse_budget(count) == parse_budget(str(count)) == Steps(count)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(1, 99))
def test_parts_of_a_duration_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_budget(f"{hours}h{minutes}m{seconds}s") == Seconds(hours * 3600 + minutes * 60 + seconds)


@given(st.text(max_size=12))
def test_any_text_is_a_budget_or_a_clear_refusal(text: str) -> None:
    try:
        budget = parse_budget(text)
    except ConfigError:
        return
    assert (budget.count if isinstance(budget, Steps) else budget.seconds) > 0


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [(3, [0, 1, 2]), ("3", [0, 1, 2]), ([7, 3], [7, 3]), ("10, 11", [10, 11]), ("10,", [10]), ((4,), [4])],
)
def test_seeds(seeds: Any, expected: list[int]) -> None:
    assert build_config({"data": "x", "seeds": seeds}).seed_list() == expected


@pytest.mark.parametrize("seeds", ["auto", " AUTO "])
def test_seeds_that_are_left_to_the_looks(seeds: str) -> None:
    config = build_config({"data": "x", "seeds": seeds})
    assert config.seeds == "auto"
    assert config.looks() == AUTO
    thorough = build_config({"data": "x", "seeds": seeds, "thorough": True})
    assert thorough.looks() == THOROUGH
    assert thorough.seed_list() == list(range(20))


@pytest.mark.parametrize(("seeds", "count"), [(3, 3), ("10,11", 2), ([4], 1)])
def test_seeds_that_are_given_are_one_look(seeds: Any, count: int) -> None:
    assert build_config({"data": "x", "seeds": seeds}).looks() == Looks((count,), (1.0,))


@pytest.mark.parametrize("seeds", [5, "5", "1,2", [7]])
def test_thorough_and_given_seeds_contradict_each_other(seeds: Any) -> None:
    with pytest.raises(ConfigError, match=r"^The configuration contradicts itself: thorough plans looks at [^.]*\.$"):
        build_config({"data": "x", "seeds": seeds, "thorough": True})


@pytest.mark.parametrize("margin", [0.5, 2, "2.5"])
def test_margins_in_points(margin: Any) -> None:
    assert build_config({"data": "x", "margin": margin}).margin == float(margin)


@pytest.mark.parametrize("margin", [0, -1, 100, float("nan"), float("inf"), "a", None, [1]])
def test_what_is_no_margin(margin: Any) -> None:
    with pytest.raises(ConfigError, match=r"'margin' = .*: input should be"):
        build_config({"data": "x", "margin": margin})


@pytest.mark.parametrize("equal", ["both", "steps", "time"])
def test_what_arms_get_the_same_of(equal: str) -> None:
    assert build_config({"data": "x", "equal": equal}).equal == equal


@pytest.mark.parametrize("equal", ["tim", "", "Both", None, 1])
def test_what_arms_cannot_get_the_same_of(equal: Any) -> None:
    with pytest.raises(ConfigError, match=r"'equal' = .*: input should be 'both', 'steps' or 'time'"):
        build_config({"data": "x", "equal": equal})


@pytest.mark.parametrize("seeds", [0, "0", -1, [], [1, 1], "a", "autos", "1,a", ",", True, 2.0, [0.5], [-1], [True]])
def test_what_are_no_seeds(seeds: Any) -> None:
    with pytest.raises(ConfigError, match=r"'seeds'.*10,11,12"):
        build_config({"data": "x", "seeds": seeds})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"data": "x", "label_per_class": 3},
            "no configuration key 'label_per_class'. Did you mean 'labels_per_class'?",
        ),
        ({"data": "x", "zzz": 3}, "no configuration key 'zzz'."),
        ({}, "'data' is missing"),
        ({"data": "x", "labels_per_class": -1}, "'labels_per_class' = -1: input should be greater"),
        ({"data": "x", "precision": "fp64"}, "'precision' = 'fp64': input should be 'auto', 'fp32' or 'bf16'"),
        ({"data": "x", "strategies": []}, "'strategies'"),
        ({"data": "x", "strategies": "sgan,,augment"}, "names separated by commas"),
        ({"data": "x", "strategies": ["sgan", "sgan"]}, "each once"),
        ({"data": "x", "options": {"sgan": 3}}, "'options.sgan' = 3"),
        ({"data": False}, "'data' = False"),
    ],
)
def test_what_cannot_be_used_is_named(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        build_config(values)
    assert words in str(refused.value)


@given(
    st.builds(
        dict,
        data=st.text(min_size=1),
        seeds=st.just("auto") | st.integers(1, 50) | st.lists(st.integers(0, 99), min_size=1, unique=True),
        budget=st.integers(1, 10**6) | st.sampled_from(["5m", "1h30m"]),
        strategies=st.lists(KEY, min_size=1, unique=True),
        margin=st.floats(1e-6, 99),
        equal=st.sampled_from(["both", "steps", "time"]),
        options=st.dictionaries(KEY, st.dictionaries(KEY, PLAIN, max_size=3), max_size=3),
        checkpoint_every=st.floats(1e-9, 1e9),
    )
)
@example({"data": "0E0"})
@example({"data": "1.e-3"})
def test_yaml_gives_back_what_was_dumped(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    config = build_config(values)
    path.write_text(yaml_text(config.model_dump(mode="json")), encoding="utf-8")
    assert load_config(path) == config


def test_identity_leaves_out_what_changes_no_result() -> None:
    one = build_config({"data": "x"})
    elsewhere = {"executor": "ray", "launch": "srun -n1", "jobs_per_gpu": 2}
    same = build_config(
        {"data": "x", "out": "there", "jobs": 2, "threads": 2, "data_dir": "there", "trackers": "wandb", **elsewhere}
    )
    assert one.identity() == same.identity()
    others = {"seeds": 3, "budget": 20, "options": {"sgan": {"weight": 1}}, "device": "cuda"}
    for key, value in {**others, "thorough": True, "margin": 2, "equal": "time"}.items():
        assert build_config({"data": "x", key: value}).identity() != one.identity()
    left_out = {"out", "jobs", "threads", "data_dir", "checkpoint_every", "trackers", *elsewhere}
    assert set(one.identity()) | left_out == set(CompareConfig.model_fields)


def test_identity_survives_yaml() -> None:
    identity = build_config({"data": "x", "seeds": [1, 2], "options": {"sgan": {"lr": 1e-5}}}).identity()
    assert yaml.safe_load(yaml.safe_dump(identity)) == identity


def test_set_goes_down_dots_and_leaves_the_rest() -> None:
    before = {"data": "x", "options": {"sgan": {"weight": 1.0, "lr": 0.1}}}
    after = apply_sets(before, ["options.sgan.weight=1e-3", "options.acgan.on=true", "seeds=[3, 4]", "data=a=b"])
    assert after == {
        "data": "a=b",
        "options": {"sgan": {"weight": 0.001, "lr": 0.1}, "acgan": {"on": True}},
        "seeds": [3, 4],
    }
    assert before == {"data": "x", "options": {"sgan": {"weight": 1.0, "lr": 0.1}}}


@pytest.mark.parametrize("setting", ["weight", "=3", "a..b=3", ".a=3", "data.x=3", "a=[1", "a=!!python/name:os.system"])
def test_settings_that_say_nothing_are_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match="--set"):
        apply_sets({"data": "x"}, [setting])


@given(st.lists(KEY, min_size=1, max_size=4), st.integers() | st.booleans() | st.floats(allow_nan=False))
def test_any_number_can_be_set_anywhere(path: list[str], value: float) -> None:
    text = yaml.safe_dump(value).split("\n")[0]
    level: Any = apply_sets({}, [f"{'.'.join(path)}={text}"])
    for part in path:
        level = level[part]
    assert level == value
    assert type(level) is type(value)


@given(st.text(max_size=40))
def test_any_setting_is_taken_or_clearly_refused(setting: str) -> None:
    with suppress(ConfigError):
        assert isinstance(apply_sets({}, [setting]), dict)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n- b\n", "'key: value'"),
        ("", "'key: value'"),
        ("data: x\ndata: y\n", "'data' stands twice"),
        ("a: &a [1]\nb: [*a, *a]\n", "aliases are not allowed"),
        ("data: [", "not plain YAML"),
        ("1: x\n", "'key: value'"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert words in str(refused.value)
    assert "c.yaml" in str(refused.value)


def test_no_code_in_a_file_runs(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"data: !!python/object/apply:os.mkdir ['{tmp_path / 'planted'}']\n")
    with pytest.raises(ConfigError, match="not plain YAML"):
        read_config(path)
    assert not (tmp_path / "planted").exists()


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot read the configuration"):
        load_config(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="Cannot read the configuration"):
        load_config(tmp_path / "binary.yaml")


def test_on_and_off_are_words_as_options_have_them() -> None:
    """The docs' own ``--set options.augment.balance=off``, which PyYAML alone reads as False."""
    assert apply_sets({}, ["options.augment.balance=off", "flips=on"]) == {
        "options": {"augment": {"balance": "off"}},
        "flips": "on",
    }
    assert read_yaml(yaml_text({"flips": "on", "thorough": True})) == {"flips": "on", "thorough": True}
    assert build_config({"data": "digits", "thorough": "on"}).thorough is True
