"""Tables of numbers: which column is what, what is read, and what is refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from ganlift.data import Reading, VectorSet, load_examples
from ganlift.errors import ConfigError, DataError

HEAD = "a,b,label\n"
FOUR = HEAD + "1,2,x\n3,4,y\n5,6,\n7,8,x\n9,10,y\n"


def csv_of(folder: Path, text: str) -> str:
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return str(folder / "table.csv")


def parquet_of(folder: Path, **columns: Any) -> str:
    parquet.write_table(pa.table(columns), folder / "table.parquet")
    return str(folder / "table.parquet")


def rows(spec: str, **asked: Any) -> VectorSet:
    found = load_examples(spec, Reading(**asked))
    assert isinstance(found, VectorSet)
    return found


def guess(found: VectorSet, about: str) -> str:
    return next(one.taken for one in found.guesses if one.about == about)


def test_a_csv_of_numbers_is_rows_with_labels(tmp_path: Path) -> None:
    found = rows(csv_of(tmp_path, FOUR))
    assert found.vectors.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]
    assert (found.class_names, found.labels.tolist()) == (("x", "y"), [0, 1, -1, 0, 1])
    assert (found.columns, found.ids, found.groups) == (("a", "b"), None, None)
    assert guess(found, "columns") == "2 learned from (a, b); 'label' is the label"
    assert guess(found, "labels").startswith("1 rows have none")


def test_parts_groups_and_ids_are_read_and_not_learned_from(tmp_path: Path) -> None:
    text = "ID,x,split,Group,label\nr1,1,train,g1,u\nr2,2,Training,g1,v\nr3,3,test,g2,u\nr4,4,unlabelled,,v\n"
    found = rows(csv_of(tmp_path, text))
    assert (found.columns, found.vectors[:, 0].tolist()) == (("x",), [1, 2, 3, 4])
    assert found.parts.tolist() == ["train", "train", "test", "unlabelled"]
    assert found.labels.tolist() == [0, 1, 0, -1]  # the label of an unlabelled row is not looked at
    assert found.groups is not None
    assert found.groups.tolist() == ["g1", "g1", "g2", ""]
    assert found.ids is not None
    assert found.ids.tolist() == found.names.tolist() == ["r1", "r2", "r3", "r4"]


def test_columns_are_chosen_by_name_and_pattern(tmp_path: Path) -> None:
    spec = csv_of(tmp_path, "x1,x2,y1,word,kind\n1,2,3,one,u\n4,5,6,two,v\n")
    assert rows(spec, label_column="kind", column=("y1", "x*")).vectors.tolist() == [[3, 1, 2], [6, 4, 5]]
    assert rows(spec, label_column="kind", leave_out=("w*", "x2")).columns == ("x1", "y1")


def test_whole_numbers_as_labels_are_those_of_arrays(tmp_path: Path) -> None:
    found = rows(csv_of(tmp_path, "a,label\n1,0\n2,10\n3,2\n4,-1\n5,\n"))
    assert found.class_names == ("class 0", "class 2", "class 10")
    assert found.labels.tolist() == [0, 2, 1, -1, -1]
    assert rows(csv_of(tmp_path, "a,label\n1,01\n2,1\n"), classes=("01", "1")).class_names == ("01", "1")


def test_a_column_that_counts_the_rows_is_left_out_and_said(tmp_path: Path) -> None:
    found = rows(csv_of(tmp_path, ",a,label\n0,5,x\n1,6,y\n"))
    assert found.columns == ("a",)
    assert "'' counts the rows" in guess(found, "columns")


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    of_csv = rows(csv_of(tmp_path, FOUR))
    label = pa.array(["x", "y", None, "x", "y"]).dictionary_encode()
    spec = parquet_of(tmp_path, a=[1, 3, 5, 7, 9], b=pa.array([2, 4, 6, 8, 10], pa.float32()), label=label)
    of_parquet = rows(spec)
    assert of_parquet.hashes.tolist() == of_csv.hashes.tolist()
    assert of_parquet.labels.tolist() == of_csv.labels.tolist()
    assert (of_parquet.class_names, of_parquet.columns) == (of_csv.class_names, of_csv.columns)


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float64(), 3), pa.large_list(pa.int16())])
def test_a_column_of_lists_is_an_embedding(tmp_path: Path, kind: pa.DataType) -> None:
    lists = pa.array([[1, 2, 3], [4, 5, 6]], kind)
    spec = parquet_of(tmp_path, embedding=lists, text=["p", "q"], label=[0.0, 1.0])
    found = rows(spec)  # the only one: the text beside it is left out, and that is said
    assert (found.vectors.tolist(), found.columns) == ([[1, 2, 3], [4, 5, 6]], ("embedding",))
    assert found.class_names == ("class 0", "class 1")
    assert "'text'" in guess(found, "columns")
    assert rows(spec, column=("embedding",)).vectors.shape == (2, 3)


def test_sliced_parquet_and_empty_labels_of_numbers(tmp_path: Path) -> None:
    lists = pa.chunked_array([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]])
    found = rows(parquet_of(tmp_path, v=lists, label=pa.array([1, None, 0])))
    assert found.vectors.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert found.labels.tolist() == [1, -1, 0]


BAD_CSV = {
    "text": (HEAD + "1,red,x\n2,blue,y\n", {}, r"line 2: column 'b' has 'red', which is no number; .*--leave-out b"),
    "empty": (HEAD + "1,2,x\n3,,y\n", {}, r"line 3, column 'b' is empty; fill in"),
    "nan": (HEAD + "1,2,x\nnan,3,y\n", {}, r"line 3, column 'a' is nan"),
    "infinite": (HEAD + "1,inf,x\n", {}, r"line 2, column 'b' is inf"),
    "late text": (HEAD + "1,2,x\n3,oops,y\n", {}, r"line 3: column 'b' has 'oops'"),
    "files": (HEAD + "1,i/0.PNG,x\n", {}, r"line 2: column 'b' names files \('i/0.PNG'\); .* column path"),
    "ragged": (HEAD + "1,2,x\n3,4\n", {}, r"line 3 has 2 cells, and the first line 3"),
    "semicolons": ("a;b;label\n1;2;x\n", {}, "between semicolons"),
    "neither": ("file,class\na.png,x\n", {}, r"neither a column path and label.*nor a column label.*file, class"),
    "nothing": ("", {}, "neither a column path and label"),
    "no rows": (HEAD, {}, "names of columns and no row"),
    "label alone": ("label\nx\ny\n", {}, "no column of numbers to learn from"),
    "twice": ("a,a,label\n1,2,x\n", {}, "two columns called 'a'"),
    "parts twice": ("a,split,part,label\n1,test,test,x\n", {}, "split and part, which say the same"),
    "part": ("a,split,label\n1,tset,x\n", {}, r"line 2: split 'tset' is none of"),
    "label like empty": (HEAD + "1,2,x\n3,4,NaN\n", {}, r"line 3: the label 'NaN' reads like an empty cell"),
    "id twice": ("id,a,label\nr,1,x\nr,2,y\n", {}, "2 rows have the id 'r'"),
    "one class": (HEAD + "1,2,x\n3,4,x\n", {}, "at least 2 are needed"),
    "no such label": (FOUR, {"label_column": "lable"}, r"no column 'lable' as --label-column names it; did you mean"),
    "no such column": (
        FOUR,
        {"column": ("aa",)},
        r"no column 'aa' to learn from, as --column names it; did you mean 'a'",
    ),
    "nothing left": (FOUR, {"leave_out": ("*",)}, "no column of numbers to learn from"),
    "of arrays": (FOUR, {"labels": "l.txt"}, "--labels is about an .npy"),
}


@pytest.mark.parametrize("fault", BAD_CSV)
def test_a_csv_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, fault: str) -> None:
    text, asked, words = BAD_CSV[fault]
    with pytest.raises(DataError, match=words):
        rows(csv_of(tmp_path, text), **asked)


BAD_PARQUET: dict[str, tuple[dict[str, Any], str]] = {
    "empty": ({"a": [1.0, None], "label": ["x", "y"]}, r"row 1, column 'a' is empty"),
    "nan": ({"a": [1.0, float("nan")], "label": ["x", "y"]}, r"row 1, column 'a' is nan"),
    "text": ({"a": [1, 2], "t": ["p", "q"], "label": ["x", "y"]}, r"column 't' has 'string', which is no number"),
    "unequal lists": (
        {"v": [[1.0], [1.0, 2.0]], "label": ["x", "y"]},
        r"row 1, column 'v' has 2 numbers, and row 0 has 1",
    ),
    "no list": ({"v": [[1.0], None], "label": ["x", "y"]}, r"row 1, column 'v' is empty"),
    "hole": ({"v": [[1.0, 2.0], [1.0, None]], "label": ["x", "y"]}, r"row 1, column 'v\[1\]' is nan"),
    "lists beside": ({"v": [[1.0], [2.0]], "a": [1, 2], "label": ["x", "y"]}, r"--column v"),
    "label": ({"a": [1, 2], "label": [[1], [2]]}, "'label' cannot be read as text"),
}


@pytest.mark.parametrize("fault", BAD_PARQUET)
def test_parquet_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, fault: str) -> None:
    columns, words = BAD_PARQUET[fault]
    with pytest.raises(DataError, match=words):
        rows(parquet_of(tmp_path, **columns))


def test_what_is_no_parquet_and_what_is_about_tables_alone(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(DataError, match="not a whole Parquet file"):
        rows(str(tmp_path / "text.parquet"))
    with pytest.raises(DataError, match="--label-column is about tables, and digits is none"):
        load_examples("digits", Reading(label_column="kind"))


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = parquet_of(tmp_path, a=[1, 2], label=["x", "y"])
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganlift\[parquet\]'"):
        rows(spec)


def test_float32_of_parquet_keeps_its_value(tmp_path: Path) -> None:
    spec = parquet_of(tmp_path, a=pa.array([0.1, 0.2], pa.float32()), label=["x", "y"])
    np.testing.assert_array_equal(rows(spec).vectors[:, 0], np.array([0.1, 0.2], np.float32).astype(np.float64))
