"""A few rows of a table at any version."""

import pytest

from app.queries.table_preview import COLUMNS, ROWS, preview
from lakehouse.commits import DeltaLog
from lakehouse.lake import Lake
from tests.app.table_home import ENGINE, PLAN, SILVER, make_table_home


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_table_home(tmp_path_factory.mktemp("home")).lake


def test_the_first_rows_of_a_version(lake: Lake) -> None:
    """So many, and that there are more; empty versions have none."""
    shown = preview(lake, SILVER, 1)
    assert len(shown.rows) == ROWS and shown.cut
    assert shown.columns[:3] == ("fleet", "engine", "cycle")
    assert all(len(row) == len(shown.columns) for row in shown.rows)
    assert preview(lake, SILVER, 0).rows == ()


def test_one_engine_is_shown_in_the_order_of_its_flights_as_it_was_then(lake: Lake) -> None:
    """The correction is in version 2, not in 1."""
    before, after = (preview(lake, SILVER, v, (PLAN.name, ENGINE)) for v in (1, 2))
    cycle, sensor = (before.columns.index(name) for name in ("cycle", "sensor_4"))
    assert [row[cycle] for row in before.rows] == list(range(1, ROWS + 1))
    moved = [b[sensor] != a[sensor] for b, a in zip(before.rows, after.rows, strict=True)]
    assert [at + 1 for at, other in enumerate(moved) if other] == [10, 20]


def test_wide_tables_are_cut(lake: Lake) -> None:
    """And how many columns are not shown is told."""
    shown = preview(lake, "gold/engine_status", 3)
    assert (len(shown.columns), shown.more_columns, shown.cut) == (21, 0, False)
    wide = preview(lake, "gold/features", 1)
    assert len(wide.columns) == min(COLUMNS, 26) and wide.more_columns == 0


def test_what_cannot_be_shown_is_said_without_paths(lake: Lake) -> None:
    """No such engine column, a file that is damaged, one that is gone."""
    assert "has no column 'fleet'" in preview(lake, "ops/snapshots", 1, ("F", "e")).problem
    band = "gold/fleet_band"
    (file,) = (
        lake.path(band) / each.file for each in DeltaLog(lake.path(band)).at(1).files.values()
    )
    file.write_bytes(b"no Parquet")
    assert preview(lake, band, 1).problem == "A data file of v1 is gone or damaged."
    file.unlink()
    told = preview(lake, band, 1).problem
    assert "can no longer be read: 1 of its 1 data files are gone" in told
    assert str(lake.path(band)) not in told
