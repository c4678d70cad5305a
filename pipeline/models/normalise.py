"""From one flight's raw sensors to its regime, its normalised sensors and its health signals."""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import narwhals as nw

from pipeline.models.course import ENGINE, past
from pipeline.models.graph import Signal, TransformGraph

Rows = nw.LazyFrame[Any]

UNSEEN = -1
"""Regime of a flight in conditions that the training never saw, or whose settings are missing."""

# Beyond this many standard deviations a reading says "broken", not "more worn" (worn: up to 10).
BROKEN = 12.0
# A sensor whose variance over so many flights is next to nothing no longer measures.
FROZEN = 5
STILL = 1e-6
FINITE = 1e6
# Sensors that carry less than this share of what all have in common cannot speak for the others.
ENOUGH = 0.05


def sanitise(graph: TransformGraph, silver: Rows) -> Rows:
    """Keys, settings and sensors as numbers, null where a value is missing or not finite."""
    there = silver.collect_schema().names()
    measured = (*graph.settings, *graph.sensors)
    return silver.select(
        "fleet",
        "engine",
        nw.col("cycle").cast(nw.Int64),
        *(_number(name) if name in there else _null(name) for name in measured),
    ).with_columns(nw.concat_str("fleet", "engine", separator="/").alias(ENGINE))


def assign_regime(graph: TransformGraph, rows: Rows) -> Rows:
    """Add ``regime``: the nearest centre, or ``UNSEEN``."""
    distances = [f"_distance_{index}" for index in range(len(graph.centres))]
    rows = rows.with_columns(
        _distance(graph, centre).alias(name)
        for centre, name in zip(graph.centres, distances, strict=True)
    ).with_columns(nw.min_horizontal(*distances).alias("_nearest"))
    label = reduce(
        lambda rest, item: (
            nw.when(nw.col(item[1]) == nw.col("_nearest")).then(nw.lit(item[0])).otherwise(rest)
        ),
        reversed(list(enumerate(distances))),
        nw.lit(UNSEEN),
    )
    seen = nw.col("_nearest") <= graph.reach**2
    return rows.with_columns(
        nw.when(seen).then(label).otherwise(nw.lit(UNSEEN)).cast(nw.Int64).alias("regime")
    ).drop("_nearest", *distances)


def normalise(graph: TransformGraph, rows: Rows) -> Rows:
    """Add ``norm_<sensor>``: standard deviations from the regime's mean, null where unknown."""
    columns = zip(graph.sensors, zip(*graph.means, strict=True), strict=True)
    deviations = zip(*graph.deviations, strict=True)
    return rows.with_columns(
        _normal(sensor, means, row).alias(f"norm_{sensor}")
        for (sensor, means), row in zip(columns, deviations, strict=True)
    )


def listen(graph: TransformGraph, rows: Rows) -> Rows:
    """Add ``_z_<sensor>``: normalised, null where the sensor is silent, broken or frozen."""
    least = {
        sensor: min(row[graph.sensors.index(sensor)] or 1.0 for row in graph.deviations)
        for sensor in graph.kept
    }
    rows = rows.with_columns(
        past((nw.col(sensor) / least[sensor]).rolling_var(FROZEN, min_samples=FROZEN))
        .fill_null(1.0)
        .alias(f"_vary_{sensor}")
        for sensor in graph.kept
    )
    return rows.with_columns(
        nw.when((nw.col(f"norm_{sensor}").abs() <= BROKEN) & (nw.col(f"_vary_{sensor}") > STILL))
        .then(nw.col(f"norm_{sensor}"))
        .alias(f"_z_{sensor}")
        for sensor in graph.kept
    )


def complete(graph: TransformGraph, rows: Rows) -> Rows:
    """Fill ``_z_<sensor>``, add ``_regime`` without gaps, and how far to trust the flight.

    A sensor that says nothing is put where the others say it should be; a flight without any
    takes their word from the flight before. ``_heard`` is the share of sensors that spoke,
    ``_odd`` how far they contradict each other (mean square, standard deviations).
    """
    loaded = {f"_z_{name}": load for name, load in zip(graph.kept, graph.common, strict=True)}
    spoke = {name: (~nw.col(name).is_null()).cast(nw.Float64) for name in loaded}
    rows = rows.with_columns(
        _total(nw.col(name).fill_null(0.0) * load for name, load in loaded.items()).alias("_word"),
        _total(spoke[name] * load**2 for name, load in loaded.items()).alias("_weight"),
        (_total(spoke.values()) / max(len(spoke), 1)).alias("_heard"),
    )
    word = nw.when(nw.col("_weight") > ENOUGH).then(nw.col("_word") / nw.col("_weight"))
    known = nw.when(nw.col("regime") >= 0).then(nw.col("regime"))
    rows = rows.with_columns(
        past(word.fill_null(strategy="forward")).fill_null(0.0).alias("_word"),
        past(known.fill_null(strategy="forward")).fill_null(0).alias("_regime"),
    ).with_columns(nw.col(name).fill_null(nw.col("_word") * load) for name, load in loaded.items())
    apart = [nw.col(name) - nw.col("_word") * load for name, load in loaded.items()]
    return rows.with_columns(
        (_total(part * part for part in apart) / max(len(apart), 1)).alias("_odd")
    )


def project(graph: TransformGraph, rows: Rows) -> Rows:
    """Add ``<signal>_now``: the health signals of each single flight."""
    return rows.with_columns(
        _by_regime(
            "_regime",
            [
                _weighted(graph.kept, weights, offset)
                for weights, offset in zip(signal.weights, signal.offsets, strict=True)
            ],
        ).alias(f"{signal.name}_now")
        for signal in graph.signals
    )


def thresholds(signals: Sequence[Signal]) -> dict[str, float]:
    """Threshold of each signal by name."""
    return {signal.name: signal.threshold for signal in signals}


def _number(name: str) -> nw.Expr:
    value = nw.col(name).cast(nw.Float64)
    return nw.when(value.is_finite()).then(value).alias(name)


def _null(name: str) -> nw.Expr:
    return nw.lit(None, dtype=nw.Float64).alias(name)


def _distance(graph: TransformGraph, centre: tuple[float, ...]) -> nw.Expr:
    """Squared distance; a missing setting is infinitely far when there is more than one regime."""
    missing = 0.0 if len(graph.centres) == 1 else FINITE
    parts = [
        ((nw.col(name) / scale - at) * (nw.col(name) / scale - at)).fill_null(missing)
        for name, scale, at in zip(graph.settings, graph.scales, centre, strict=True)
    ]
    return _total(parts)


def _normal(sensor: str, means: tuple[float, ...], deviations: tuple[float, ...]) -> nw.Expr:
    value = nw.col(sensor)
    scored = [
        (value - mean) / deviation if deviation > 0 else value * 0.0
        for mean, deviation in zip(means, deviations, strict=True)
    ]
    return _by_regime("regime", scored).clip(-FINITE, FINITE)


def _weighted(sensors: tuple[str, ...], weights: tuple[float, ...], offset: float) -> nw.Expr:
    parts = [
        nw.col(f"_z_{sensor}") * weight for sensor, weight in zip(sensors, weights, strict=True)
    ]
    return _total(parts) + offset


def _total(parts: Iterable[nw.Expr]) -> nw.Expr:
    return reduce(lambda left, right: left + right, parts, nw.lit(0.0))


def _by_regime(column: str, values: list[nw.Expr]) -> nw.Expr:
    """The value of the row's regime; null for ``UNSEEN``."""
    rest: nw.Expr = nw.lit(None, dtype=nw.Float64)
    for regime, value in reversed(list(enumerate(values))):
        rest = nw.when(nw.col(column) == regime).then(value).otherwise(rest)
    return rest
