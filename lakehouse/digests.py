"""Digests of an engine's rows: what a prediction was made from, and whether that still stands."""

from hashlib import sha256

import numpy as np
import polars as pl

from lakehouse.profiles import Profile

ROW = ("fleet", "engine", "cycle")


def chained_digests(silver: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The chained sha256 of each engine's values up to each of its cycles.

    Each link hashes the link before, the cycle, which signals are null, and the signals as
    little-endian doubles; no ids and no versions, so that equal data give equal digests.

    Returns:
        fleet, engine, cycle, input_digest; sorted.
    """
    rows = silver.sort(ROW)
    signals = rows.select(profile.signal_names)
    nulls = signals.select(pl.all().is_null()).to_numpy()
    values = signals.fill_null(0.0).to_numpy()
    cells = np.column_stack([rows["cycle"].to_numpy(), nulls, values]).astype("<f8")
    links, width = cells.tobytes(), cells.shape[1] * 8
    found = []
    previous, digest = None, b""
    for index, engine in enumerate(zip(rows["fleet"], rows["engine"], strict=True)):
        if engine != previous:
            previous, digest = engine, b""
        digest = sha256(digest + links[index * width : (index + 1) * width]).digest()
        found.append(digest.hex())
    return rows.select(ROW).with_columns(pl.Series("input_digest", found, dtype=pl.String))
