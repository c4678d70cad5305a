"""The course of a health signal: what its past says about where it goes, as narwhals expressions.

Every expression looks back over one engine's flights only, in the order of their cycles, and runs
on Polars and on Spark alike. Windows count flights, slopes and ages count cycles, so that gaps in
a record bend nothing.
"""

from typing import Any

import narwhals as nw

Rows = nw.LazyFrame[Any]

ENGINE = "_engine"
SEEN = "_seen"  # flights seen so far
AGE = "_age"  # cycles since the first flight that was seen, from 1
STEP = "_step"  # cycles since the flight before

MEANS = (5, 10, 15, 20, 40, 80)
SLOPES = (10, 20, 40, 80)
BASES = (20, 40)
ONSETS = (0.05, 0.1, 0.2)

FEATURES = (
    "now",
    *(f"mean_{window}" for window in (5, 10, 20, 40)),
    "mean_all",
    *(f"base_{window}" for window in BASES),
    "end_20",
    *(f"slope_{window}" for window in SLOPES),
    "slope_all",
    "drift_10",
    "drift_20",
    "drift_rate",
    "bend_40",
    "slope_change_20",
    "slope_change_40",
    "spread_20",
    *(f"left_{window}" for window in (20, 40, 80)),
    "growth",
    "life",
    "life_left",
    "fallen",
    "fallen_sum",
    *(f"since_{int(100 * onset):02d}" for onset in ONSETS),
    "step_10_20",
)
"""Names of the numbers that describe the course of one signal."""

SUMS = (
    *(f"mean_{window}" for window in MEANS if window not in (5, 10, 20, 40)),
    *(f"ht_{window}" for window in (*SLOPES, "all")),
    "hh_20",
)
"""Steps on the way to them."""

TRUST = ("heard_20", "odd_20", "pace_20", "missed")
"""How far the last flights can be trusted: the share of sensors that spoke, how far they
contradict each other, cycles per flight on record, and cycles before the first one on record.
No learner reads them; the model says less where they are bad."""


def past(expression: nw.Expr) -> nw.Expr:
    """Let a running expression run over one engine's flights in their order."""
    return expression.over(ENGINE, order_by="cycle")


def clock(rows: Rows) -> Rows:
    """Add what all signals share: flights seen, age, step, and the sums of time for slopes."""
    rows = rows.with_columns(
        past(nw.col("cycle").cum_count()).cast(nw.Float64).alias(SEEN),
        (nw.col("cycle") - nw.col("cycle").min().over(ENGINE) + 1).cast(nw.Float64).alias(AGE),
        past(nw.col("cycle").diff()).fill_null(1).cast(nw.Float64).alias(STEP),
    )
    square = nw.col(AGE) * nw.col(AGE)
    rows = rows.with_columns(
        *(past(_mean(nw.col(AGE), window)).alias(f"_t_{window}") for window in SLOPES),
        *(past(_mean(square, window)).alias(f"_tt_{window}") for window in SLOPES),
        (past(nw.col(AGE).cum_sum()) / nw.col(SEEN)).alias("_t_all"),
        (past(square.cum_sum()) / nw.col(SEEN)).alias("_tt_all"),
    )
    return rows.with_columns(
        (nw.col(f"_tt_{window}") - nw.col(f"_t_{window}") * nw.col(f"_t_{window}"))
        .clip(1e-9)
        .alias(f"_tv_{window}")
        for window in (*SLOPES, "all")
    )


def course(rows: Rows, signals: dict[str, float]) -> Rows:
    """Add the features of all signals, given the threshold to which each one falls."""
    for signal, threshold in signals.items():
        for stage in (_sums, _slopes, _changes, _forecasts):
            rows = rows.with_columns(
                expression.alias(f"{signal}_{name}")
                for name, expression in stage(_Columns(signal), threshold).items()
            )
        # One signal after the other, in single precision once it is done, halves the memory.
        rows = rows.with_columns(
            nw.col(f"{signal}_{name}").cast(nw.Float32) for name in FEATURES
        ).drop(f"{signal}_{name}" for name in SUMS)
    return rows


def trust() -> tuple[nw.Expr, ...]:
    """``TRUST``, from what each flight's own readings say."""
    of = dict(zip(TRUST, ("_heard", "_odd", STEP), strict=False))
    missed = (nw.col("cycle") - nw.col(AGE)).clip(0).alias("missed")
    means = (past(_mean(nw.col(column), 20)).alias(name) for name, column in of.items())
    return tuple(number.cast(nw.Float32) for number in (*means, missed))


class _Columns:
    """The columns of one signal, by short name."""

    def __init__(self, signal: str) -> None:
        self._signal = signal

    def __getitem__(self, name: str) -> nw.Expr:
        return nw.col(f"{self._signal}_{name}")


def _mean(expression: nw.Expr, window: int) -> nw.Expr:
    return expression.rolling_mean(window, min_samples=1)


def _base(h: nw.Expr, flights: int) -> nw.Expr:
    """Mean of the first flights, as far as they were seen by then."""
    early = nw.when(nw.col(SEEN) <= flights).then(h).otherwise(0.0)
    return past(early.cum_sum()) / nw.col(SEEN).clip(upper_bound=flights)


def _sums(s: _Columns, _: float) -> dict[str, nw.Expr]:
    h, ht = s["now"], s["now"] * nw.col(AGE)
    return {
        **{f"mean_{window}": past(_mean(h, window)) for window in MEANS},
        **{f"ht_{window}": past(_mean(ht, window)) for window in SLOPES},
        **{f"base_{flights}": _base(h, flights) for flights in BASES},
        "mean_all": past(h.cum_sum()) / nw.col(SEEN),
        "ht_all": past(ht.cum_sum()) / nw.col(SEEN),
        "hh_20": past(_mean(h * h, 20)),
    }


def _slope(s: _Columns, window: int | str) -> nw.Expr:
    covariance = s[f"ht_{window}"] - s[f"mean_{window}"] * nw.col(f"_t_{window}")
    return nw.when(nw.col(SEEN) >= 3).then(covariance / nw.col(f"_tv_{window}")).otherwise(0.0)


def _slopes(s: _Columns, _: float) -> dict[str, nw.Expr]:
    fallen = (s["base_20"] - s["mean_20"]).clip(0.0) * nw.col(STEP)
    onset = s["base_20"] - s["mean_15"]
    return {
        **{f"slope_{window}": _slope(s, window) for window in (*SLOPES, "all")},
        "drift_10": s["mean_10"] - s["base_20"],
        "drift_20": s["mean_20"] - s["base_20"],
        "step_10_20": s["mean_10"] - s["mean_20"],
        "spread_20": (s["hh_20"] - s["mean_20"] * s["mean_20"]).clip(0.0).sqrt(),
        "fallen_sum": past(fallen.cum_sum()),
        **{
            f"since_{int(100 * limit):02d}": past(
                nw.when(onset > limit).then(nw.col(STEP)).otherwise(0.0).cum_sum()
            )
            for limit in ONSETS
        },
    }


def _changes(s: _Columns, _: float) -> dict[str, nw.Expr]:
    fallen = (0.0 - s["drift_10"]).clip(0.0)
    since = nw.col(AGE) - nw.col("_t_20")
    return {
        "end_20": s["mean_20"] + s["slope_20"] * since,
        "drift_rate": s["drift_10"] / nw.col(AGE).clip(10.0),
        "bend_40": s["slope_40"] - s["slope_all"],
        "fallen": fallen,
        **{
            # Before there are that many flights the slope is compared with the first one, 0.
            f"slope_change_{window}": s[f"slope_{window}"]
            - past(s[f"slope_{window}"].shift(window)).fill_null(0.0)
            for window in (20, 40)
        },
    }


def _forecasts(s: _Columns, threshold: float) -> dict[str, nw.Expr]:
    """Cycles to the threshold by linear extrapolation, growth rate and implied life."""
    rate = (s["fallen"] / nw.col(AGE)).clip(1e-5)
    life = ((s["base_20"] - threshold) / rate).clip(0.0, 1000.0)
    return {
        **{
            f"left_{window}": (
                (s["mean_20"] - threshold) / (0.0 - s[f"slope_{window}"]).clip(1e-4)
            ).clip(0.0, 400.0)
            for window in (20, 40, 80)
        },
        "growth": ((0.0 - s["slope_40"]) / s["fallen"].clip(0.02)).clip(-1.0, 1.0),
        "life": life,
        "life_left": (life - nw.col(AGE)).clip(-200.0, 400.0),
    }
