"""Near duplicates: copies that were re-encoded, resized, brightened, trimmed, mirrored or turned.

An image's fingerprint is the low-frequency corner of its discrete cosine transform, as in perceptual hashing (Zauner,
"Implementation and Benchmarking of Perceptual Image Hash Functions", 2010). Three steps, none of which compares all
pairs:

1. A code of 63 bits: which of the 63 lowest frequencies are above their median over the set. With that median instead
   of the image's own, the bits are balanced and unlike images seldom share a code.
2. Candidates share a quarter of the code but for one bit (multi-index hashing; Norouzi, Punjani, Fleet, "Fast Search in
   Hamming Space with Multi-Index Hashing", CVPR 2012): all pairs up to 7 bits apart are met, and most of those beyond.
3. They are copies where the correlation of their fingerprints, whitened over the set, is `ALIKE` or more. Whitening
   takes away what all images of the set have in common, which for clothes on white or scans of one organ is a lot.

A mirrored, turned or trimmed image's fingerprint is a linear map of the image's own, so the pixels are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

SIDE = 16
ALIKE = 0.92
TRIMS = ((0.0, 0.0), (0.03, 0.03), (0.05, 0.0), (0.0, 0.05))
"""What is looked for of cropping: shares off the near and the far edge, of rows and of columns."""

Floats = NDArray[np.float32]
Index = NDArray[np.int64]

_LOW = 8  # frequencies an axis in the code
_COMPARED = 12  # frequencies an axis in the correlation
_BANDS = 4
_FAR = 16  # bits; copies are seldom further apart
_PLAIN = 1.0  # grey levels (root mean square) below which there is nothing to compare
_MOST_IN_BUCKET = 100
_OF_A_KIND = 20
_CHUNK = 4096
_TELLING = 20_000  # images at most whose statistics stand for the set's
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def fingerprints(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
    """The lowest frequencies of each image's luminance.

    Args:
        pixels: (n, h, h, c) uint8, c 1 or 3.

    Returns:
        (n, SIDE, SIDE) float16, coefficients of cosines of unit mean square over the picture: the first is the mean
        grey level (0 to 255). Where h is below SIDE the rest is 0.
    """
    grey = pixels[..., 0].astype(np.float32) if pixels.shape[3] == 1 else pixels.astype(np.float32) @ _LUMA
    h = grey.shape[1]
    places = (np.arange(h) + 0.5) / h
    kept = min(SIDE, h)
    basis = (_cosines(places)[:kept] / h).astype(np.float32)
    found = np.zeros((len(grey), SIDE, SIDE), np.float16)
    found[:, :kept, :kept] = basis @ grey @ basis.T
    return found


def near_pairs(
    prints: NDArray[np.float16],
    turned: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
    chosen: Index | None = None,
) -> NDArray[np.int64]:
    """Pairs of images that are near copies of each other.

    Args:
        prints: (n, SIDE, SIDE) `fingerprints` of images that differ; plain ones (all but constant) pair with nothing.
        turned: whether mirrored and turned copies are looked for too.
        on_progress: told how far it is, of how much.
        chosen: (k,) indices of those that take part; all of them where None.

    Returns:
        (m, 2) int64, indices of ``prints``, each pair once, smaller index first. Of more than about a hundred copies of
        one image not every pair is listed, but all of them hang together.
    """
    chosen = np.arange(len(prints)) if chosen is None else chosen
    textured = np.concatenate([part[_norms(prints[part]) > _PLAIN] for part in _parts(chosen)])
    if len(textured) < 2:
        return np.empty((0, 2), np.int64)
    apart = textured[_unlike(np.concatenate([_kinds(_own(prints[part])) for part in _parts(textured)]))]
    some = _own(prints[apart[:: -(-len(apart) // _TELLING)]])
    middle, whiten = np.median(_low(some), axis=0), _whitener(some)
    codes, white = np.empty(len(textured), np.uint64), np.empty((len(textured), some.shape[1]), np.float32)
    for places in _parts(np.arange(len(textured))):
        own = _own(prints[textured[places]])
        codes[places], white[places] = _codes(own, middle), whiten(own)
    index = _Buckets(codes)
    found = []
    variants = list(_variants(turned))
    for number, (rows, columns, swapped) in enumerate(variants):
        for start in range(0, len(textured), _CHUNK):
            if on_progress:
                on_progress(number * len(textured) + start, len(variants) * len(textured))
            part = prints[textured[start : start + _CHUNK]].astype(np.float32)
            moved = rows @ (part.swapaxes(1, 2) if swapped else part) @ columns.T
            changed = _unit(_vectors(np.asarray(moved, np.float32)))
            changed_white = whiten(changed)
            for i, j in index.candidates(_codes(changed, middle)):
                other = i + start != j
                i, j = i[other], j[other]
                alike = np.einsum("nd,nd->n", changed_white[i], white[j]) >= ALIKE
                found.append(np.stack([i[alike] + start, j[alike]], axis=1))
    pairs = np.sort(textured[np.concatenate(found)], axis=1)
    return np.unique(pairs, axis=0)


def _parts(index: Index) -> list[Index]:
    """Cut into such as are held at once, one at least."""
    return np.split(index, range(_CHUNK, len(index), _CHUNK))


class _Buckets:
    """Codes looked up by 16 of their bits at a time."""

    def __init__(self, codes: NDArray[np.uint64]) -> None:
        self.codes = codes
        self.tables = []
        for keys in _keys(codes):
            order = np.argsort(keys, kind="stable")
            starts = np.searchsorted(keys[order], np.arange(2**16 + 1))
            self.tables.append((order, starts))

    def candidates(self, queries: NDArray[np.uint64]) -> Iterator[tuple[Index, Index]]:
        """Indices (m,) of queries and of codes at most `_FAR` bits apart, a batch for each of the 4 × 17 look-ups."""
        flips = np.concatenate([[0], 1 << np.arange(16)]).astype(np.int64)
        for keys, (order, starts) in zip(_keys(queries), self.tables, strict=True):
            for flip in flips:
                begin, end = starts[keys ^ flip], starts[(keys ^ flip) + 1]
                count = np.minimum(end - begin, _MOST_IN_BUCKET)
                # A crowded bucket is looked at in part, each query from another place on.
                begin = begin + (np.arange(len(keys)) * 31) % np.maximum(end - begin - count + 1, 1)
                i = np.repeat(np.arange(len(keys)), count)
                within = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
                j = order[np.repeat(begin, count) + within]
                close = np.bitwise_count(queries[i] ^ self.codes[j]) <= _FAR
                yield i[close], j[close]


def _variants(turned: bool) -> Iterator[tuple[Floats, Floats, bool]]:
    """Maps of rows and columns, and whether rows and columns change places first: as it is, trimmed, turned."""
    signs = {False: np.eye(SIDE), True: np.diag((-1.0) ** np.arange(SIDE))}
    windows = [_window(begin, end) for begin, end in TRIMS]
    for rows, columns in product(windows, windows):
        yield rows, columns, False
    for down, across, swapped in product((False, True), repeat=3):
        if turned and (down or across or swapped):
            yield signs[down].astype(np.float32), signs[across].astype(np.float32), swapped


def _window(begin: float, end: float) -> Floats:
    """(SIDE, SIDE): coefficients over [0, 1] to those of what is left when ``begin`` and ``end`` are cut off."""
    places = (np.arange(512) + 0.5) / 512
    return (_cosines(places) @ _cosines(begin + (1 - begin - end) * places).T / 512).astype(np.float32)


def _cosines(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(SIDE, len(places)): 1 and the cosines of 1, 2, ... half waves over [0, 1], of unit mean square."""
    waves = np.cos(np.pi * np.arange(SIDE)[:, None] * places)
    return np.asarray(np.where(np.arange(SIDE)[:, None] > 0, np.sqrt(2.0), 1.0) * waves)


def _vectors(prints: NDArray[np.float16] | Floats) -> Floats:
    """(n, 143): what is compared, without the mean grey level."""
    return prints[:, :_COMPARED, :_COMPARED].reshape(len(prints), _COMPARED**2)[:, 1:].astype(np.float32)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6), np.float32)


def _low(vectors: Floats) -> Floats:
    """(n, 63): the lowest frequencies of `_vectors`."""
    down, across = np.divmod(np.arange(1, _COMPARED**2), _COMPARED)
    return vectors[:, (down < _LOW) & (across < _LOW)]


def _own(prints: NDArray[np.float16]) -> Floats:
    """(n, 143): unit `_vectors`."""
    return _unit(_vectors(prints))


def _norms(prints: NDArray[np.float16]) -> Floats:
    return np.asarray(np.linalg.norm(_vectors(prints), axis=1))


def _kinds(vectors: Floats) -> Index:
    """(n,): the signs of the 15 lowest frequencies of `_vectors`, as a number."""
    down, across = np.divmod(np.arange(1, _COMPARED**2), _COMPARED)
    signs = np.packbits(vectors[:, (down < 4) & (across < 4)] > 0, axis=1).astype(np.int64)
    return 256 * signs[:, 0] + signs[:, 1]


def _unlike(kinds: Index) -> Index:
    """At most `_OF_A_KIND` of each of ``kinds`` (n,).

    Were most of a set copies of one image, the set's statistics would be that image's, and take it away.
    """
    order = np.argsort(kinds, kind="stable")
    _, first, size = np.unique(kinds[order], return_index=True, return_counts=True)
    return order[np.arange(len(order)) - np.repeat(first, size) < _OF_A_KIND]


def _codes(vectors: Floats, middle: Floats) -> NDArray[np.uint64]:
    bits = np.pad(_low(vectors) > middle, ((0, 0), (0, 1)))
    return np.ascontiguousarray(np.packbits(bits, axis=1)).view(np.uint64).reshape(-1)


def _keys(codes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(4, n): each code's four groups of 16 bits."""
    return np.ascontiguousarray(codes).view(np.uint16).reshape(len(codes), _BANDS).astype(np.int64).T


def _whitener(vectors: Floats) -> Callable[[Floats], Floats]:
    """A function that centres and whitens unit vectors over ``vectors`` and makes them unit vectors again.

    The covariance is shrunk towards its diagonal, the more the fewer images there are, and has a floor of 2 % of the
    mean power, below which differences are the noise of compression.
    """
    n, d = vectors.shape
    mean = vectors.mean(axis=0)
    covariance = np.cov(vectors, rowvar=False, bias=True).astype(np.float64)
    diagonal = np.diag(np.diag(covariance))
    shrunk = (n * covariance + d * diagonal) / (n + d) + np.eye(d) * 0.02 / d
    powers, axes = np.linalg.eigh(shrunk)
    matrix = (axes / np.sqrt(powers)).astype(np.float32)
    return lambda vectors: _unit((vectors - mean) @ matrix)
