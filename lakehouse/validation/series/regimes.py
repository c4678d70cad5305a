"""Operating settings that the fleet never flew."""

from itertools import product

import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.series.conversions import conversions
from lakehouse.validation.series.flights import hits, regime, regime_name, runs, together
from lakehouse.validation.series.ground import Ground

_EXPLAINED = 0.9
_DENSE = 0.25


def regimes(frame: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Flights more than one step of the settings from every known regime, as hits.

    When the same setting in another unit leads all of them back to known regimes, that is told.

    Args:
        frame: rows of ``flights.flights`` with ``delivered``.
        ground: the known regimes; before there are any, nothing is new.
    """
    if ground.regimes is None:
        return together([])
    near = near_regimes(ground)
    unseen = frame.filter(
        pl.col("fresh") & pl.col("regime").is_not_null() & ~pl.col("regime").is_in(near)
    )
    if unseen.is_empty():
        return together([])
    units = _units(unseen, near, ground)
    rest = unseen.filter(~pl.col("engine").is_in(units["engine"].to_list()))
    told = runs(rest, pl.col("regime").unique(maintain_order=True).alias("flown"))
    names = {n: regime_name(n, ground.profile) for n in rest["regime"].unique().to_list()}
    said = [", ".join(names[n] for n in flown[:3]) for flown in told["flown"].to_list()]
    told = told.with_columns(pl.Series("said", said, pl.String))
    text = pl.format("this fleet never flew at {}", "said")
    return together([units, hits(told, "regime_unseen", text)])


def near_regimes(ground: Ground) -> list[int]:
    """Numbers of the known regimes and their neighbours."""
    profile, seen = ground.profile, ground.regimes or ()
    steps = list(product((-1, 0, 1), repeat=len(profile.settings)))
    near = {
        tuple(n + d for n, d in zip(known, step, strict=True)) for known in seen for step in steps
    }
    columns = {
        name: [point[i] * profile.series.setting_steps[i] for point in near]
        for i, name in enumerate(profile.setting_names)
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(profile.setting_names, pl.Float64))
    return sorted(frame.select(regime(profile))["literal"].to_list())


def _units(unseen: pl.DataFrame, near: list[int], ground: Ground) -> pl.DataFrame:
    profile = ground.profile
    parts = []
    for signal in profile.settings:
        for kind in conversions(signal.unit):
            right = unseen.with_columns(kind.undone(pl.col(signal.name)).alias(signal.name))
            back = right.select("engine", regime(profile).is_in(near).alias("back"))
            share = back.group_by("engine").agg(pl.col("back").mean())
            good = share.filter(pl.col("back") >= _EXPLAINED)["engine"].to_list()
            parts.append(
                _spans(unseen.filter(pl.col("engine").is_in(good)), profile).with_columns(
                    column=pl.lit(signal.name),
                    said=pl.lit(
                        f"reads like {kind.name} where {signal.unit or 'the contract'} is expected"
                    ),
                )
            )
    spans = pl.concat(parts).unique("engine", keep="first", maintain_order=True)
    return together(
        [
            hits(
                spans.filter(pl.col("column") == name), "unit_change", pl.col("said"), name, "error"
            )
            for name in profile.setting_names
        ]
    )


def _spans(rows: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    spans = rows.group_by("engine", maintain_order=True).agg(
        pl.col("cycle").first().alias("first_cycle"),
        pl.col("cycle").last().alias("last_cycle"),
        pl.len().cast(pl.Int64).alias("rows"),
        (pl.col("row").last() - pl.col("row").first() + 1).cast(pl.Int64).alias("between"),
        pl.col("delivered").first(),
    )
    return spans.filter(
        (pl.col("rows") >= profile.series.shift_cycles)
        & (pl.col("rows") >= _DENSE * pl.col("between"))
    ).with_columns(whole=pl.col("between") >= 0.9 * pl.col("delivered"))
