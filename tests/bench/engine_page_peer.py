"""The peer of the engine page: one raw read of one engine, with nothing but pyarrow."""

from pathlib import Path

import pyarrow.parquet as pq

COLUMNS = [
    "cycle",
    *(f"setting_{number}" for number in range(1, 4)),
    *(f"sensor_{number}" for number in range(1, 22)),
]


def files(lake: Path) -> list[str]:
    """Data files of the cleaned readings."""
    return sorted(str(file) for file in (lake / "silver" / "readings").glob("*.parquet"))


def raw_read(paths: list[str], fleet: str, engine: str) -> int:
    """Read the engine's cycles, settings and sensors; returns the number of rows."""
    rows = pq.read_table(
        paths, columns=COLUMNS, filters=[("fleet", "=", fleet), ("engine", "=", engine)]
    )
    return int(rows.num_rows)
