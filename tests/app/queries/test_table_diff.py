"""What changed between two versions, cut to what is shown."""

from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from app.queries.table_diff import ROWS, DiffAsk, diff_view, ends, shifted
from app.services import Services
from lakehouse.diffs import DiffError
from tests.app.table_home import ENGINE, HOTTER, PLAN, SILVER, STATUS, make_table_home
from tests.lakehouse.frames import part, silver

ASK = DiffAsk(SILVER)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return make_table_home(tmp_path_factory.mktemp("home"))


def test_by_default_the_newest_stands_beside_the_one_before(services: Services) -> None:
    """With a snapshot, its version; what there is not is None."""
    assert ends(services.pinned(), ASK).asked == (1, 2)
    then = DiffAsk(SILVER, as_of=1)
    assert ends(services.pinned(1), then).asked == (0, 1)
    found = ends(services.pinned(), DiffAsk.of(SILVER, {"from": "7", "to": "0"}, None))
    assert found.before is None and found.after is not None
    assert ends(services.pinned(), DiffAsk("ops/limits")).facts == ()


def test_changed_rows_show_their_values_then_and_now(services: Services) -> None:
    """Only the columns that differ, the engine that they are of, and how many rows by column."""
    view = diff_view(services.lake, ASK, (1, 2))
    assert view.diff.engines == ((PLAN.name, ENGINE),)
    assert view.by_column == {"sensor_4": view.diff.rows_changed}
    for row in view.changed:
        old, new = row.values["sensor_4"]
        assert new - old == pytest.approx(HOTTER)
        assert list(row.values) == ["sensor_4"] and row.key[:2] == (PLAN.name, ENGINE)
    assert view.added.total == view.removed.total == 0


def test_rows_that_came_or_went_are_bounded_and_counted(services: Services) -> None:
    """And the way back is the same the other way round."""
    there, back = (diff_view(services.lake, ASK, pair) for pair in ((0, 1), (1, 0)))
    total = there.diff.commits[0].rows_added
    assert (there.added.total, len(there.added.rows)) == (total, ROWS)
    assert (back.removed.total, back.added.total) == (total, 0)


def test_one_engine_or_one_column_can_be_looked_at(services: Services, tmp_path: Path) -> None:
    """Counts and rows are of it alone."""
    mine = DiffAsk(SILVER, fleet=PLAN.name, engine=ENGINE)
    other = DiffAsk(SILVER, fleet=PLAN.name, engine="test-002")
    assert diff_view(services.lake, mine, (1, 2)).changed_total > 0
    assert diff_view(services.lake, other, (1, 2)).diff.is_empty
    lake = make_table_home(tmp_path).lake
    rows = silver({"a": 20})
    lake.append(SILVER, rows, part("a"))
    moved = rows.with_columns(
        sensor_3=nw.col("sensor_3") + 1,
        sensor_5=nw.when(nw.col("cycle") > 15).then(0.0).otherwise(nw.col("sensor_5")),
    )
    lake.replace(SILVER, moved, {"engine": ["a"]}, part("b"))
    view = diff_view(lake, DiffAsk(SILVER, column="sensor_5"), (3, 4))
    assert view.by_column == {"sensor_3": 20, "sensor_5": 5}
    assert (view.changed_total, len(view.changed), view.diff.rows_changed) == (5, 5, 20)
    assert all("sensor_5" in row.values for row in view.changed)
    unknown = diff_view(lake, DiffAsk(SILVER, column="nonsense"), (3, 4))
    assert unknown.changed_total == 20


def test_a_change_that_only_bits_show_is_shown(tmp_path: Path) -> None:
    """The diff tells 0.0 from -0.0 and no NaN from another, so does what is shown of it."""
    lake = make_table_home(tmp_path).lake
    rows = silver({"z": 2}).with_columns(sensor_3=nw.lit(0.0), sensor_4=nw.lit(float("nan")))
    lake.append(SILVER, rows, part("a"))
    lake.replace(SILVER, rows.with_columns(sensor_3=nw.lit(-0.0)), {"engine": ["z"]}, part("b"))
    assert diff_view(lake, ASK, (3, 4)).by_column == {"sensor_3": 2}


def test_the_column_that_moved_furthest_comes_first(services: Services) -> None:
    """What names a row or where it came from is no measurement."""
    found = shifted(services.lake, ASK, (1, 2))
    assert found[0].name == "sensor_4" and (found[0].distance or 0) > 0
    assert all(each.distance == 0 for each in found[1:] if each.distance is not None)
    assert not {"engine", "cycle", "delivery_id"} & {each.name for each in found}
    came = shifted(services.lake, ASK, (0, 1))
    assert came == ()  # nothing was there that they could be held against


def test_what_cannot_be_compared_is_said_without_paths(services: Services) -> None:
    with pytest.raises(DiffError, match="a data file that holds what differs is gone"):
        diff_view(services.lake, DiffAsk(STATUS), (0, 1))
    with pytest.raises(DiffError, match="tells of no engines"):
        diff_view(services.lake, DiffAsk("ops/snapshots", fleet="F", engine="e"), (1, 2))


def test_the_rows_of_an_engine_are_all_there_are_of_it(services: Services) -> None:
    """The diffs of every engine together are the whole diff."""
    whole = diff_view(services.lake, ASK, (0, 1)).diff
    parts = [whole.of_engine(*engine) for engine in whole.engines]
    assert sum(each.rows_added for each in parts) == whole.rows_added
    rows = pl.concat([each.added(None) for each in parts])
    assert rows.sort("engine", "cycle").equals(whole.added(None).sort("engine", "cycle"))
