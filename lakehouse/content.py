"""A hash of a table's logical content: the same for any order of rows, files and compaction.

Each row is written as fixed-width cells and hashed with sha256; the hashes are summed modulo
2^256 (a multiset hash after M. Bellare and D. Micciancio, "A New Paradigm for Collision-Free
Hashing: Incrementality at Reduced Cost", EUROCRYPT 1997, section 3). A sum can be kept up: what
rows come is added, what rows go is subtracted.
"""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import polars as pl
from numpy.typing import NDArray

_MODULUS = 1 << 256
_ROWS_AT_ONCE = 100_000
_QUIET_NAN = np.uint64(0x7FF8000000000000)
_Words = NDArray[np.uint64]


@dataclass(frozen=True)
class Content:
    """Row count and summed row hashes of some rows.

    Attributes:
        rows: number of rows.
        total: sum of the rows' sha256 values modulo 2^256.
    """

    rows: int = 0
    total: int = 0

    def __add__(self, other: "Content") -> "Content":
        return Content(self.rows + other.rows, (self.total + other.total) % _MODULUS)

    def __sub__(self, other: "Content") -> "Content":
        return Content(self.rows - other.rows, (self.total - other.total) % _MODULUS)

    @property
    def sha256(self) -> str:
        """The sum as 64 hexadecimal digits."""
        return f"{self.total:064x}"

    @classmethod
    def parse(cls, rows: int, digest: str) -> "Content":
        """The content that a commit wrote down."""
        return cls(rows, int(digest, 16))


def content_of(frame: pl.DataFrame) -> Content:
    """Content of a frame, over its cells by column name and type.

    A null says nothing, so a table that gains a column keeps its content until a row fills it.
    """
    frame = frame.select(sorted(frame.columns))
    # A part at a time: as words, cells take several times the room that they have in the frame.
    return sum(map(_content_of, frame.iter_slices(_ROWS_AT_ONCE)), Content())


def _content_of(frame: pl.DataFrame) -> Content:
    if frame.is_empty():
        return Content()
    digests = bytearray()
    for part in _by_nulls(frame):
        filled = part.select(series for series in part if not series.null_count())
        words = [word for series in filled for word in _words(series)]
        rows = np.ascontiguousarray(np.column_stack(words)).tobytes() if words else b""
        hasher, width = sha256(_header(filled)), len(words) * 8
        for index in range(part.height):
            row = hasher.copy()
            row.update(rows[index * width : (index + 1) * width])
            digests += row.digest()
    return Content(frame.height, _sum(digests))


def _by_nulls(frame: pl.DataFrame) -> list[pl.DataFrame]:
    """The rows, those with nulls in the same columns together."""
    gaps = [series.name for series in frame if series.null_count()]
    if not gaps:
        return [frame]
    marks = frame.select(pl.concat_str(pl.col(gaps).is_null().cast(pl.Int8)).alias("_nulls"))
    return frame.with_columns(marks["_nulls"]).partition_by("_nulls", include_key=False)


def _header(frame: pl.DataFrame) -> bytes:
    return repr([(name, str(dtype)) for name, dtype in frame.schema.items()]).encode()


def _words(series: pl.Series) -> list[_Words]:
    """A column without nulls as one or more 64-bit words a row."""
    if series.dtype == pl.String:
        return _text_words(series)
    if series.dtype.is_float():
        values = series.cast(pl.Float64).to_numpy().astype(np.float64)
        bits = values.view(np.uint64).copy()
        bits[np.isnan(values)] = _QUIET_NAN
        return [bits]
    values = series.to_physical().cast(pl.Int64).to_numpy()
    return [np.ascontiguousarray(values).view(np.uint64)]


def _text_words(series: pl.Series) -> list[_Words]:
    texts = series.unique(maintain_order=True)
    digests = b"".join(sha256(text.encode()).digest()[:16] for text in texts)
    table = np.frombuffer(digests, dtype="<u8").reshape(-1, 2)
    codes = series.to_frame("t").join(
        texts.to_frame("t").with_row_index("i"), on="t", how="left",
        maintain_order="left",
    )["i"].to_numpy()  # fmt: skip
    return [table[codes, 0], table[codes, 1]]


def _sum(digests: bytearray) -> int:
    # 32-bit limbs in 64-bit sums: exact for up to 2^32 rows.
    limbs = np.frombuffer(digests, dtype=">u4").reshape(-1, 8).sum(axis=0, dtype=np.uint64)
    total = sum(int(limb) << (32 * (7 - place)) for place, limb in enumerate(limbs))
    return total % _MODULUS
