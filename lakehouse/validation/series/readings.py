"""Each odd reading told once: as a change of unit, as a spike, or as out of range."""

import polars as pl

from lakehouse.profiles import Signal
from lakehouse.validation.series.displaced import displaced, impossible, shifted
from lakehouse.validation.series.flights import hits, number, runs, together
from lakehouse.validation.series.ground import Ground
from lakehouse.validation.series.spikes import spikes


def readings(frame: pl.DataFrame, held: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Changes of unit, spikes and readings out of range, as hits.

    Args:
        frame: rows of ``flights.flights`` with ``delivered``.
        held: hits of a sensor that is stuck or flat; what it reads then has been told.
        ground: what they should be.
    """
    judged = frame.join(ground.normal, on="regime", how="left", maintain_order="left")
    off = displaced(judged, ground)
    single = spikes(judged, ground.profile.sensor_names)
    found = []
    for signal in ground.profile.signals:
        away = off.filter(signal.name)["row"]
        alone = signal.name in single.columns and bool(single[signal.name].any())
        if away.len() or alone:
            mine = _not_in(judged, held.filter(pl.col("column") == signal.name))
            found.append(_column(mine, away, alone, signal, ground))
    return together(found)


def _column(
    rows: pl.DataFrame, away: pl.Series, alone: bool, signal: Signal, ground: Ground
) -> pl.DataFrame:
    unit = shifted(rows.filter(pl.col("row").is_in(away.implode())), signal, ground)
    # What stands beside readings in another unit, or of a stuck sensor, is no spike.
    rest = _not_in(rows, unit)
    lone = spikes(rest, [signal.name])["row"] if alone else rest["row"].clear()
    is_lone, is_away = (pl.col("row").is_in(part.implode()) for part in (lone, away))
    return together(
        [
            unit,
            _spikes(rest.filter(is_lone), signal),
            impossible(rest.filter(is_away & ~is_lone), signal),
        ]
    )


def _not_in(rows: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The rows outside the spans of some hits."""
    if spans.is_empty():
        return rows
    inside = rows.select("row", "engine", "cycle").join(
        spans.select("engine", "first_cycle", "last_cycle"), on="engine"
    )
    within = inside.filter(pl.col("cycle").is_between("first_cycle", "last_cycle"))
    return rows.join(within, on="row", how="anti", maintain_order="left")


def _spikes(alone: pl.DataFrame, signal: Signal) -> pl.DataFrame:
    name = signal.name
    told = runs(
        alone,
        pl.col(name).first().alias("value"),
        pl.col(f"{name}|spike").first().alias("reach"),
    )
    text = pl.format(
        "reads {}, more than {} away from the flights before and after in the same regime",
        number("value"),
        number("reach", 3),
    )
    return hits(told, "spike", text, column=name)
