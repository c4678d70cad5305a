"""Rows of data files, and which of them differ: cancelled by hash, paired by key.

Every row is told by a 128-bit hash of all its cells (bits of floats, so that -0.0 is not 0.0, but
every NaN is the same), its key by another. Only hashes of the rows that are read are held in
memory; the rows themselves are read again where somebody looks at them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException

from lakehouse.commits import DataFile, Fields
from lakehouse.engines import Overlap

_TYPES: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "long": pl.Int64, "integer": pl.Int32, "short": pl.Int16, "byte": pl.Int8,
    "double": pl.Float64, "float": pl.Float32, "string": pl.String, "boolean": pl.Boolean,
    "timestamp": pl.Datetime("us", "UTC"), "timestamp_ntz": pl.Datetime("us"), "date": pl.Date,
    "binary": pl.Binary,
}  # fmt: skip
_CASTS = pl.ScanCastOptions(
    integer_cast="upcast",
    float_cast="upcast",
    datetime_cast=["nanosecond-downcast", "convert-timezone"],
)
_ROW, _KEY, _AT = "_row", "_key", "_at"
_SEEDS = (0, 1_000_003)

# What a data file that is gone or damaged ends in; a panic is no Exception.
UNREADABLE: tuple[type[BaseException], ...] = (OSError, pl.exceptions.PolarsError, PanicException)


class DiffError(RuntimeError):
    """Two versions cannot be compared; the message says why."""


class LargeDiffError(DiffError):
    """More would have to be read than was allowed."""


def schema_of(fields: Fields) -> dict[str, pl.DataType | type[pl.DataType]]:
    """Column to Polars type.

    Raises:
        DiffError: a column has a type that Stillwater does not write.
    """
    unknown = {name: kind for name, kind in fields.items() if kind not in _TYPES}
    if unknown:
        raise DiffError(f"columns of types that cannot be compared: {unknown}")
    return {name: _TYPES[kind] for name, kind in fields.items()}


def scan_files(folder: Path, files: Iterable[DataFile], fields: Fields) -> pl.LazyFrame:
    """Rows of some data files of a table, in the order of the files, lazily.

    Args:
        folder: the table's folder.
        files: they lie there.
        fields: columns to read; those that a file lacks are null.
    """
    schema = schema_of(fields)
    groups: dict[tuple[tuple[str, str | None], ...], list[DataFile]] = {}
    for file in files:
        groups.setdefault(tuple(sorted(file.partitions.items())), []).append(file)
    parts = [_scan(folder, group, schema, dict(values)) for values, group in groups.items()]
    return pl.concat(parts) if parts else pl.LazyFrame(schema=schema)


def _scan(
    folder: Path,
    files: Sequence[DataFile],
    schema: Mapping[str, pl.DataType | type[pl.DataType]],
    values: Mapping[str, str | None],
) -> pl.LazyFrame:
    stored = {name: kind for name, kind in schema.items() if name not in values}
    rows = pl.scan_parquet(
        [folder / file.file for file in files],
        schema=stored,
        glob=False,
        hive_partitioning=False,
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=_CASTS,
    )
    constants = [
        pl.lit(v, pl.String).cast(schema[n]).alias(n) for n, v in values.items() if n in schema
    ]
    return rows.with_columns(constants).select(list(schema))


def hash_of(columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.Expr:
    """A 128-bit hash of a row's cells."""
    high, low = (_hash(columns, seed).cast(pl.UInt128) for seed in _SEEDS)
    return high * 2**64 + low


def _hash(columns: Mapping[str, pl.DataType | type[pl.DataType]], seed: int) -> pl.Expr:
    total = pl.lit(seed, pl.UInt64)
    for index, (name, kind) in enumerate(columns.items()):
        cell = pl.col(name)
        if kind == pl.Float64:
            cell = cell.fill_nan(float("nan")).reinterpret(dtype=pl.UInt64)
        elif kind == pl.Float32:
            cell = cell.fill_nan(float("nan")).reinterpret(dtype=pl.UInt32)
        total = total + cell.hash(seed + 7919 * index)
    return total


@dataclass(frozen=True)
class Side:
    """Rows of one side that the other side does not have, by their place in ``rows``.

    Attributes:
        rows: all rows of the side's files, lazily.
        at: places of those that differ and have no partner of the same key.
        changed: places of those that have one, in the order of their partners.
    """

    rows: pl.LazyFrame
    at: pl.Series
    changed: pl.Series

    def alone(self, limit: int | None = None) -> pl.DataFrame:
        """The rows without a partner, at most ``limit`` of them."""
        return _rows_at(self.rows, self.at if limit is None else self.at.head(limit))

    def paired(self, limit: int | None = None) -> pl.DataFrame:
        """The rows with a partner, in its order, at most ``limit`` of them."""
        return _rows_at(self.rows, self.changed if limit is None else self.changed.head(limit))

    def sample(self, most: int) -> pl.DataFrame:
        """Evenly spread rows of all that differ, at most ``most`` of them."""
        places = pl.concat([self.at, self.changed]).sort()
        return _rows_at(self.rows, places.gather_every(max(1, -(-len(places) // most))))

    def touched(self, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns of all rows that differ."""
        return _rows_at(self.rows.select(columns), pl.concat([self.at, self.changed]))

    def alike(self, values: Mapping[str, str]) -> tuple[pl.Series, pl.Series]:
        """Of the rows without a partner and of those with one, which hold these values."""
        columns = self.rows.select(list(values))
        wanted = pl.all_horizontal(pl.col(n).eq_missing(pl.lit(v)) for n, v in values.items())
        alone, paired = (
            _rows_at(columns, places).select(wanted.alias(_AT))[_AT]
            for places in (self.at, self.changed)
        )
        return alone, paired


def compare(gone: pl.LazyFrame, came: pl.LazyFrame, key: Sequence[str]) -> tuple[Side, Side]:
    """What is only in ``gone`` and what is only in ``came``, as multisets of rows.

    Rows of the same key are partners where each side has exactly one of that key left.
    """
    old, new = _hashes(gone, key), _hashes(came, key)
    old, new = _surplus(old, new), _surplus(new, old)
    pairs = _partners(old, new)
    return (
        Side(gone, _others(old, pairs[_AT]), pairs[_AT]),
        Side(came, _others(new, pairs[f"{_AT}_new"]), pairs[f"{_AT}_new"]),
    )


def overlap_of(gone: pl.LazyFrame, came: pl.LazyFrame, key: Sequence[str]) -> Overlap:
    """Of the rows in ``gone``, how many are in ``came`` too, as they were or as partners."""
    before, after = (_hashes(side, key) for side in _alike(gone, came))
    old, new = _surplus(before, after), _surplus(after, before)
    return Overlap(before.height - old.height, _partners(old, new).height)


def subtract(rows: pl.DataFrame, less: pl.DataFrame) -> pl.DataFrame:
    """Rows without those of ``less``, each of which takes away one equal row."""
    names = list(rows.schema)
    with_hash = _hashes(rows.lazy(), names)
    keep = _surplus(with_hash, _hashes(less.select(names).lazy(), names))
    return rows[keep.sort(_AT)[_AT]]


def _hashes(rows: pl.LazyFrame, key: Sequence[str]) -> pl.DataFrame:
    schema = dict(rows.collect_schema())
    keys = {name: schema[name] for name in key if name in schema}
    wanted = [hash_of(schema).alias(_ROW), hash_of(keys).alias(_KEY)]
    return rows.select(wanted).collect(engine="streaming").with_row_index(_AT)


def _surplus(mine: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Rows of which I have more than they: the last ones of them."""
    counts = theirs.group_by(_ROW).len("_theirs")
    alone = mine.join(counts, on=_ROW, how="anti")
    if alone.height == mine.height:
        return mine
    # Numbering groups is what takes long, and few rows are there more often than on the other side.
    more = mine.group_by(_ROW).len("_mine").join(counts, on=_ROW)
    shared = mine.join(more.filter(pl.col("_mine") > pl.col("_theirs")), on=_ROW)
    nth = pl.int_range(pl.len()).over(_ROW)
    rest = shared.sort(_AT).filter(nth >= pl.col("_theirs")).select(mine.columns)
    return pl.concat([alone, rest]).sort(_AT)


def _partners(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    single_old, single_new = (side.unique(_KEY, keep="none") for side in (old, new))
    return single_old.join(single_new, on=_KEY, suffix="_new").sort(_AT)


def _alike(one: pl.LazyFrame, other: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Both with the columns of both, in one order; what one of them lacks is null."""
    schema = {**one.collect_schema(), **other.collect_schema()}

    def whole(rows: pl.LazyFrame) -> pl.LazyFrame:
        there = rows.collect_schema()
        lacking = [pl.lit(None, kind).alias(n) for n, kind in schema.items() if n not in there]
        return rows.with_columns(lacking).select(list(schema))

    return whole(one), whole(other)


def _others(rows: pl.DataFrame, paired: pl.Series) -> pl.Series:
    return rows.join(paired.to_frame(_AT), on=_AT, how="anti")[_AT].sort()


def _rows_at(rows: pl.LazyFrame, places: pl.Series) -> pl.DataFrame:
    if places.is_empty():
        return rows.head(0).collect()
    last = int(str(places.max()))
    wanted = pl.LazyFrame({_AT: places})
    order = wanted.with_row_index("_order")
    numbered = rows.head(last + 1).with_row_index(_AT).with_columns(pl.col(_AT).cast(places.dtype))
    found = numbered.join(order, on=_AT, how="inner").sort("_order").drop(_AT, "_order")
    return found.collect(engine="streaming")
