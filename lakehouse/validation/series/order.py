"""The order of flights: gaps, repeated and late flights, a unit that starts again."""

import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.series.flights import KEY, hits, runs, together, usable

# Of an engine of which fewer signals move, no correction could be told from another life.
_LEAST_MOVING = 6


def repeated(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The records whose flight was there already, in the same file or in silver.

    Args:
        rows: engine, cycle, line and the signals; ``line`` is null for a flight that silver has.
        profile: names the signals.

    Returns:
        engine, cycle, line, ``same`` (all values are equal) and ``differing`` (share of the
        signals that ever move in this engine's rows and differ here).
    """
    names = profile.signal_names
    ordered = usable(rows, profile).sort(*KEY, "line", nulls_last=False, maintain_order=True)
    again = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in KEY)
    twice = ordered.filter(again | again.shift(-1))
    first = twice.unique(KEY, keep="first", maintain_order=True)
    later = twice.filter(again)
    moving = _moving(
        ordered.filter(pl.col("engine").is_in(later["engine"].unique().to_list())), names
    )
    both = later.join(first, on=KEY, suffix="_first").join(moving, on="engine", how="left")
    other = [pl.col(name).ne_missing(pl.col(f"{name}_first")).cast(pl.Int64) for name in names]
    return both.filter(pl.col("line").is_not_null()).select(
        *KEY,
        "line",
        same=pl.sum_horizontal(other) == 0,
        differing=pl.sum_horizontal(other) / pl.col("moving"),
    )


def restarts(again: pl.DataFrame, frame: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Engines that fly a second life under the same name, as hits.

    Flights from the first known one on come again, and most of what moves reads otherwise: a
    corrected record differs in a column or two, another life in nearly all of them.

    Args:
        again: rows of :func:`repeated`.
        frame: the same rows as ``flights.flights``.
        profile: how many such flights it takes.
    """
    starts = frame.group_by("engine").agg(pl.col("cycle").min().alias("start"))
    lives = again.group_by("engine").agg(
        pl.col("cycle").min().alias("first_cycle"),
        pl.col("cycle").max().alias("last_cycle"),
        pl.len().cast(pl.Int64).alias("rows"),
        (pl.col("differing") >= 0.5).mean().alias("share"),
        pl.lit(False).alias("whole"),
    )
    begun = lives.join(starts, on="engine", how="left").filter(
        (pl.col("rows") >= profile.series.restart_cycles)
        & (pl.col("share") >= 0.8)
        & (pl.col("first_cycle") == pl.col("start"))
    )
    text = pl.format(
        "starts again at cycle {}: {} flights that are known come again with other values;"
        " two lives must not share a name",
        "first_cycle",
        "rows",
    )
    return hits(begun.sort("engine"), "unit_restart", text, severity="error")


def claimed(rows: pl.DataFrame, again: pl.DataFrame, begun: pl.DataFrame) -> pl.DataFrame:
    """The rows as the delivery has them, where it says otherwise than silver.

    Args:
        rows: as for :func:`repeated`.
        again: its answer.
        begun: hits of :func:`restarts`; another life is not held against the first one's flights.

    Returns:
        ``rows``, where records with other values take the place of the flights that silver has.
    """
    other = again.filter(~pl.col("same") & ~pl.col("engine").is_in(begun["engine"].to_list()))
    silver = rows.filter(pl.col("line").is_null()).select(KEY)
    other = other.join(silver, on=KEY, how="semi").select(*KEY, "line")
    if other.is_empty():
        return rows
    rest = rows.join(other, on=KEY, how="anti", maintain_order="left")
    return pl.concat([rest, rows.join(other, on=[*KEY, "line"], how="semi")])


def order(
    rows: pl.DataFrame,
    frame: pl.DataFrame,
    again: pl.DataFrame,
    begun: pl.DataFrame,
    profile: Profile,
) -> pl.DataFrame:
    """What is odd about which flights come when, of engines with one life.

    Args:
        rows: as for :func:`repeated`.
        frame: the same as ``flights.flights`` and ``delivered`` (see ``flights.runs``).
        again: rows of :func:`repeated`.
        begun: hits of :func:`restarts`; of these engines nothing else about order can be said.
        profile: limits.
    """
    single = ~pl.col("engine").is_in(begun["engine"].to_list())
    frame, again = frame.filter(single), again.filter(single)
    return together(
        [
            _repeats(again.filter("same"), frame, "duplicate_row"),
            _repeats(again.filter(~pl.col("same")), frame, "conflicting_row"),
            _out_of_order(rows.filter(single), frame),
            _late(frame, profile),
            _gaps(frame),
        ]
    )


def _moving(rows: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """How many signals of an engine ever change."""
    moves = [(pl.col(name).min() < pl.col(name).max()).cast(pl.Int64) for name in names]
    return rows.group_by("engine").agg(
        pl.max_horizontal(pl.sum_horizontal(moves), pl.lit(_LEAST_MOVING)).alias("moving")
    )


def _repeats(again: pl.DataFrame, frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    found = frame.join(again.group_by(KEY).len("times"), on=KEY).sort("row")
    told = runs(found.with_columns(fresh=pl.lit(True)), pl.col("times").sum())
    values = "the same values" if kind == "duplicate_row" else "other values"
    text = pl.format(f"{{}} records repeat a flight with {values}; the first one stays", "times")
    return hits(told, kind, text)


def _out_of_order(rows: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Flights that stand behind a later one in the file."""
    lines = rows.filter(pl.col("line").is_not_null()).sort("engine", "line")
    first = lines.filter(pl.struct(KEY).is_first_distinct()).select(
        *KEY, before=pl.col("cycle").cum_max().shift().over("engine")
    )
    found = frame.join(first.filter(pl.col("cycle") < pl.col("before")), on=KEY).sort("row")
    fresh = found.filter("fresh")  # one that silver has is a repeated one
    text = pl.format("stands behind cycle {} in the file", "before")
    return hits(runs(fresh, pl.col("before").max()), "out_of_order", text)


def _late(frame: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    newest = (
        frame.filter(~pl.col("fresh")).group_by("engine").agg(pl.col("cycle").max().alias("newest"))
    )
    behind = pl.col("newest") - pl.col("cycle")
    found = frame.filter("fresh").join(newest, on="engine").sort("row")
    found = found.filter(behind > profile.series.late_cycles)
    text = pl.format(
        "came when cycle {} was known: more than {} cycles late",
        "newest",
        pl.lit(profile.series.late_cycles),
    )
    return hits(runs(found, pl.col("newest").first()), "late", text)


def _gaps(frame: pl.DataFrame) -> pl.DataFrame:
    """Flights that are missing between two, of which at least one is new."""
    pair = pl.col("engine") == pl.col("engine").shift()
    found = frame.select(
        "engine",
        first_cycle=pl.col("cycle").shift() + 1,
        last_cycle=pl.col("cycle") - 1,
        rows=pl.col("cycle") - pl.col("cycle").shift() - 1,
        whole=pl.lit(False),
        new=pair & (pl.col("fresh") | pl.col("fresh").shift()),
    ).filter(pl.col("new") & (pl.col("rows") > 0))
    return hits(found, "gap", pl.format("{} flights are missing", "rows"))
