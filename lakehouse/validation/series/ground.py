"""What a delivery is judged against: what its fleet normally does, and people's limits."""

from dataclasses import dataclass, field

import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.series.flights import cells

LIMITS_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "limit_id": pl.String,
    "regime": pl.String,
    "sensor": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
}


@dataclass(frozen=True)
class Ground:
    """Small and picklable, so that it goes to wherever the flights are.

    Attributes:
        profile: ranges and rules.
        normal: a row for each regime: ``regime``, ``own`` (the fleet has not flown there before,
            the delivery speaks for itself) and for each sensor ``<sensor>|lower`` and ``|upper``
            (beyond them a reading is displaced), ``|level``, and ``|spike`` (how far a spike
            leaves its neighbours).
        repeats: sensor to the share of flights that read exactly what the one before read.
        regimes: rounded settings of the regimes that were seen; None before there is a history.
        foreign: the readings are not those of the profile's machine, so its ranges say nothing.
        limits: columns of ``LIMITS_SCHEMA``, of this fleet.
    """

    profile: Profile
    normal: pl.DataFrame
    repeats: dict[str, float]
    regimes: tuple[tuple[int, ...], ...] | None
    foreign: bool
    limits: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LIMITS_SCHEMA))


def ground(
    delivered: pl.DataFrame,
    fleet: pl.DataFrame | None,
    profile: Profile,
    limits: pl.DataFrame | None = None,
) -> Ground:
    """What to judge a delivery against.

    Args:
        delivered: ``reference`` of the delivery's own records.
        fleet: ``reference`` of what silver holds of the fleet, None on a first delivery.
        profile: ranges and rules.
        limits: rows of ops/limits that hold for this fleet.
    """
    known = fleet if fleet is not None and fleet.height else None
    usual = delivered if known is None else known
    both = _both(delivered, known, profile)
    return Ground(
        profile=profile,
        normal=_wide(_bounds(both, profile), profile),
        repeats=_repeats(usual),
        regimes=_regimes(known, profile),
        foreign=len(out_of_range(usual, profile))
        > profile.series.foreign_share * len(profile.signals),
        limits=pl.DataFrame(schema=LIMITS_SCHEMA) if limits is None else newest(limits),
    )


def newest(limits: pl.DataFrame) -> pl.DataFrame:
    """The limits that hold: of each sensor and regime the newest one.

    Args:
        limits: rows of ops/limits of one fleet that are valid by now.
    """
    ordered = limits.sort("valid_from") if "valid_from" in limits.columns else limits
    return ordered.unique(["sensor", "regime"], keep="last", maintain_order=True).select(
        *LIMITS_SCHEMA
    )


def out_of_range(usual: pl.DataFrame, profile: Profile) -> list[str]:
    """Signals whose level lies outside their physical range in at least half of the regimes."""
    levels = usual.join(_ranges(profile), on="column")
    outside = (pl.col("level") < pl.col("physical_low")) | (
        pl.col("level") > pl.col("physical_high")
    )
    shares = levels.group_by("column").agg((outside * pl.col("rows")).sum() / pl.col("rows").sum())
    return sorted(shares.filter(pl.col("level") >= 0.5)["column"])


def _both(delivered: pl.DataFrame, known: pl.DataFrame | None, profile: Profile) -> pl.DataFrame:
    """The fleet's normals, and the delivery's own where the fleet has none."""
    enough = pl.col("engines") >= profile.series.shift_engines
    own = delivered.with_columns(
        # Too few engines have no level in common that one of them could leave.
        *(pl.when(enough).then(pl.col(name)) for name in ("level", "low", "high")),
        own=pl.lit(True),
    )
    if known is None:
        return own
    # A regime that is new to the fleet has no normal before several engines have flown in it.
    fresh = own.filter(enough).join(known, on=["regime", "column"], how="anti")
    return pl.concat([known.with_columns(own=pl.lit(False)), fresh.select(*known.columns, "own")])


def _bounds(both: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    rules = profile.series
    reach = pl.max_horizontal(
        rules.shift_share * pl.col("level").abs(),
        rules.shift_ranges * (pl.col("high") - pl.col("low")),
        rules.shift_steps * pl.col("step"),
    )
    return both.join(_ranges(profile), on="column").select(
        "regime",
        "column",
        "own",
        "level",
        lower=pl.col("level") - reach,
        upper=pl.col("level") + reach,
        spike=pl.max_horizontal(
            rules.spike_noise * pl.col("noise"),
            rules.spike_share * pl.col("level").abs(),
            rules.spike_steps * pl.col("step"),
        ),
    )


def _wide(bounds: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    wide = bounds.group_by("regime").agg(pl.col("own").any())
    for name in profile.sensor_names:
        mine = bounds.filter(pl.col("column") == name).select(
            "regime",
            *(
                pl.col(what).alias(f"{name}|{what}")
                for what in ("lower", "upper", "level", "spike")
            ),
        )
        wide = wide.join(mine, on="regime", how="left")
    return wide


def _ranges(profile: Profile) -> pl.DataFrame:
    rows = [(s.name, s.low, s.high, float(s.step)) for s in profile.signals]
    return pl.DataFrame(
        rows, schema=["column", "physical_low", "physical_high", "step"], orient="row"
    )


def _repeats(usual: pl.DataFrame) -> dict[str, float]:
    share = usual.group_by("column").agg(
        (pl.col("repeats") * pl.col("rows")).sum() / pl.col("rows").sum()
    )
    return {str(c): float(p) for c, p in share.drop_nulls().iter_rows()}


def _regimes(known: pl.DataFrame | None, profile: Profile) -> tuple[tuple[int, ...], ...] | None:
    if known is None:
        return None
    flown = known.filter(pl.col("column").is_in(profile.setting_names[:1]))
    if flown["rows"].sum() < profile.series.regime_rows:
        return None
    return tuple(cells(number, profile) for number in sorted(flown["regime"]))
