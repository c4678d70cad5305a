"""Clean: what of silver a change of deliveries or of people's corrections concerns.

What silver should then say stands in :mod:`lakehouse.cleaning`.
"""

from dataclasses import dataclass
from typing import Any

import narwhals as nw

from lakehouse.cleaning import KEY

ENGINE = ("fleet", "engine")


@dataclass(frozen=True)
class Change:
    """How silver gets from what it is to what it should be.

    Attributes:
        append: rows that only add newer cycles.
        rewrite: rows of the engines that are replaced as a whole.
        replaced: (fleet, engine) of these, also of those that have no row any more.
    """

    append: nw.LazyFrame[Any]
    rewrite: nw.LazyFrame[Any]
    replaced: tuple[tuple[str, str], ...]


def overtaken(fresh: nw.LazyFrame[Any], current: nw.LazyFrame[Any]) -> tuple[str, ...]:
    """The engines of one fleet's newly accepted records that :func:`change` has to look at.

    The others got newer cycles only: their cleaned records are appended as they are.

    Args:
        fresh: fleet, engine, cycle of the records.
        current: rows of silver of the same fleet.
    """
    first = fresh.group_by(*ENGINE).agg(nw.col("cycle").min().alias("first"))
    newest = current.group_by(*ENGINE).agg(nw.col("cycle").max().alias("newest"))
    late = first.join(newest, on=list(ENGINE)).filter(nw.col("first") <= nw.col("newest"))
    return tuple(engine for _, engine in _engines(late))


def change(current: nw.LazyFrame[Any], wanted: nw.LazyFrame[Any]) -> Change:
    """Compare silver with what :func:`clean` says, both for the same whole engines.

    An engine whose rows stand as they should and that only gains later cycles is appended to, one
    that is as it should be is left alone, every other one (late cycles, a withdrawn delivery, one
    accepted after all) is replaced.
    """
    columns = current.collect_schema().names()
    wanted = wanted.select(columns)
    kept = current.join(wanted.select(*KEY), on=list(KEY), how="semi")
    lost = current.join(wanted.select(*KEY), on=list(KEY), how="anti")
    newest = current.group_by(*ENGINE).agg(nw.col("cycle").max().alias("newest"))
    added = wanted.join(current.select(*KEY), on=list(KEY), how="anti")
    late = added.join(newest, on=list(ENGINE)).filter(nw.col("cycle") <= nw.col("newest"))
    altered = _altered(kept, wanted)
    touched = _engines(nw.concat([part.select(*ENGINE) for part in (lost, late, altered)]))
    rewritten = _among(touched)
    return Change(
        append=added.filter(~rewritten), rewrite=wanted.filter(rewritten), replaced=touched
    )


def _altered(current: nw.LazyFrame[Any], wanted: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Rows of ``current`` that stand otherwise in ``wanted``; null equals null."""
    values = [name for name in current.collect_schema().names() if name not in KEY]
    both = current.join(wanted, on=list(KEY), suffix="_wanted")
    same = [
        (nw.col(name) == nw.col(f"{name}_wanted")).fill_null(False)
        | (nw.col(name).is_null() & nw.col(f"{name}_wanted").is_null())
        for name in values
    ]
    return both.filter(~nw.all_horizontal(*same, ignore_nulls=False))


def _engines(frame: nw.LazyFrame[Any]) -> tuple[tuple[str, str], ...]:
    rows = frame.select(*ENGINE).unique().collect("polars").rows()
    return tuple(sorted((str(fleet), str(engine)) for fleet, engine in rows))


def _among(engines: tuple[tuple[str, str], ...]) -> nw.Expr:
    fleets: dict[str, list[str]] = {}
    for fleet, engine in engines:
        fleets.setdefault(fleet, []).append(engine)
    marks = [
        (nw.col("fleet") == fleet) & nw.col("engine").is_in(names)
        for fleet, names in fleets.items()
    ]
    none = nw.col("engine").is_in(())
    return nw.any_horizontal(none, *marks, ignore_nulls=False)
