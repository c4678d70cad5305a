"""Values that are missing for several flights in a row."""

import polars as pl

from lakehouse.profiles import Profile
from lakehouse.validation.series.flights import hits, runs, together


def missing(frame: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Runs of flights in which a signal is null, NaN or infinite.

    Args:
        frame: rows of ``flights.flights`` with ``delivered``.
        profile: from how many flights on it is told.
    """
    most = profile.series.missing_cycles
    text = pl.format("no usable value in {} flights in a row", "rows")
    found = []
    for name in profile.signal_names:
        if frame[name].null_count():
            told = runs(frame.filter(pl.col(name).is_null()))
            found.append(
                hits(told.filter(pl.col("rows") >= most), "missing_value", text, column=name)
            )
    return together(found)
