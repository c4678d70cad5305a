"""Sensors that repeat one exact value although they normally change from flight to flight."""

import numpy as np
import numpy.typing as npt
import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.series.flights import hits, together

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# So many pairs of flights outside the run say how often this sensor repeats itself.
_ENOUGH = 10


def stuck(frame: pl.DataFrame, repeats: dict[str, float], profile: Profile) -> pl.DataFrame:
    """Runs of equal readings that are too long for chance.

    Were readings independent, a run of n had the probability p^(n-1), p being how often a reading
    equals the one before: in the fleet, and in the rest of the engine's own life. A sensor that
    is constant by nature, or so coarse that it often repeats itself, has a large p and is never
    told.

    Args:
        frame: rows of ``flights.flights`` with ``delivered``.
        repeats: p in the fleet, by column.
        profile: limits.
    """
    if frame.is_empty():
        return together([])
    engine = frame["engine"].rle_id().to_numpy().astype(np.int64)
    starts = np.flatnonzero(np.diff(engine, prepend=-1))
    sizes = np.diff(starts, append=len(engine))
    found = []
    for name in profile.sensor_names:
        usual = repeats.get(name, 1.0)
        if usual <= profile.series.stuck_repeats:
            values = frame[name].to_numpy().astype(np.float64)
            first, length = _runs(values, engine, profile.series.stuck_cycles)
            if not len(first):
                continue
            index = engine[first]
            own = _repeated(values, engine, starts)[index]
            chance = _chance(length, own, sizes[index] - 1, usual)
            rare = (length - 1) * np.log(chance) <= np.log(profile.series.stuck_chance)
            told = rare & (chance <= profile.series.stuck_repeats)
            if told.any():
                found.append(_hits(frame, name, first[told], length[told]))
    return together(found)


def _runs(values: Floats, engine: Ints, least: int) -> tuple[Ints, Ints]:
    """Where runs of at least ``least`` equal values of one engine start, and their lengths."""
    changed = np.ones(len(values), dtype=bool)
    changed[1:] = (values[1:] != values[:-1]) | (engine[1:] != engine[:-1])
    first = np.flatnonzero(changed)
    length = np.diff(first, append=len(values))
    long = length >= least
    return first[long], length[long]


def _repeated(values: Floats, engine: Ints, starts: Ints) -> Ints:
    """How many flights of each engine repeat the reading before."""
    same = np.zeros(len(values), dtype=np.int64)
    same[1:] = (values[1:] == values[:-1]) & (engine[1:] == engine[:-1])
    return np.add.reduceat(same, starts)


def _chance(length: Ints, own: Ints, pairs: Ints, usual: float) -> Floats:
    """How often the sensor repeats itself: in the fleet, or outside the run if that is more."""
    rest = np.maximum(pairs - (length - 1), 0)
    share = (own - (length - 1) + 1) / (rest + 2)
    # No sensor is so fine that it never repeats itself.
    usual = max(usual, 0.01)
    return np.asarray(np.where(rest >= _ENOUGH, np.maximum(usual, share), usual))


def _hits(frame: pl.DataFrame, name: str, first: Ints, length: Ints) -> pl.DataFrame:
    last = first + length - 1
    fresh = np.concatenate([[0], np.cumsum(frame["fresh"].to_numpy().astype(np.int64))])
    delivered = fresh[last + 1] - fresh[first]
    told = pl.DataFrame(
        {
            "engine": frame["engine"].gather(first),
            "first_cycle": frame["cycle"].gather(first),
            "last_cycle": frame["cycle"].gather(last),
            "rows": length,
            "whole": delivered >= frame["delivered"].gather(first).to_numpy(),
            "value": frame[name].gather(first),
            "fresh": delivered > 0,
        }
    ).filter("fresh")
    flat = told.filter("whole")
    text = pl.format("reads {} in {} flights in a row, where it normally changes", "value", "rows")
    return together(
        [
            hits(flat, "flat_line", text, column=name),
            hits(told.filter(~pl.col("whole")), "stuck_sensor", text, column=name),
        ]
    )
