"""People's corrections: which of them hold, and which predictions were made before them."""

import polars as pl

CELL = ("fleet", "engine", "cycle", "column")


def standing(corrections: pl.DataFrame) -> pl.DataFrame:
    """The corrections that hold: not taken back, and of each value and flight the newest.

    Args:
        corrections: rows of bronze/corrections.
    """
    back = corrections.filter(pl.col("action") == "retract")["retracts"]
    said = corrections.filter(
        pl.col("action").is_in(["correct", "withdraw"]),
        ~pl.col("correction_id").is_in(back.implode()),
    )
    newest = said.sort("corrected_at", "correction_id")
    return newest.unique(CELL, keep="last", maintain_order=True)
