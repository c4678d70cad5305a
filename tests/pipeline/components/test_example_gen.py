"""What one delivery brings to bronze, given what is there already."""

from dataclasses import replace
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lakehouse.engines.local import LocalEngine
from lakehouse.tables import DELIVERIES, FAILURES, QUARANTINE, READINGS
from pipeline.components.bronze import Arrival, delivery_id
from pipeline.components.example_gen import repeated
from pipeline.sources.faults import Fault, Reason
from tests.pipeline.components.shelf import START, Shelf, counts, delivered, parsed, row


def test_a_good_delivery_brings_its_rows_and_its_record_last() -> None:
    """Every table has columns of its contract only, and the delivery makes them visible."""
    bronze = Shelf().take(delivered(), parsed([("E1", 1, 1.0), ("E1", 2, 2.0)], [(3, None, None)]))
    assert list(bronze.tables) == [READINGS.name, QUARANTINE.name, DELIVERIES.name]
    assert set(bronze.tables[READINGS.name].columns) == set(READINGS.column_names)
    assert set(bronze.tables[QUARANTINE.name].columns) <= set(QUARANTINE.column_names)
    assert set(bronze.delivery.columns) == set(DELIVERIES.column_names)
    assert counts(bronze) == (3, 2, 1, 0, 0)
    assert bronze.reasons == {"not_a_number": 1}


def test_the_lake_takes_the_rows_as_they_are() -> None:
    """Types fit the contracts of the tables."""
    engine = LocalEngine()
    bronze = Shelf().take(delivered(kind="history"), parsed([("E1", 1, 1.0)], [(2, "E1", 2)]))
    for table in (READINGS, QUARANTINE, FAILURES, DELIVERIES):
        frame = bronze.tables[table.name]
        conformed = engine.conform(as_lazy(frame), table).collect("polars")
        assert len(conformed) == frame.height


def as_lazy(frame: pl.DataFrame) -> Any:
    return nw.from_native(frame.lazy())


def test_a_delivery_is_named_by_root_run_source_member_and_content() -> None:
    """A retry finds the same name; another member, run or content has another one."""
    one = delivered("a.zip")
    names = {
        delivery_id("r1", one),
        delivery_id("r1", replace(one, sha256="other")),
        delivery_id("r1", replace(one, member="b")),
        delivery_id("r2", one),
    }
    assert len(names) == 4
    assert delivery_id("r1", replace(one)) in names
    assert all(name.startswith("d-") and len(name) == 14 for name in names)


def test_the_same_rows_again_are_counted_as_duplicates() -> None:
    """Of an earlier delivery and of the same file; null and NaN equal themselves."""
    shelf = Shelf()
    nan = float("nan")
    shelf.take(delivered("a"), parsed([("E1", 1, 1.0), ("E1", 2, nan)]))
    again = shelf.take(
        delivered("b"), parsed([("E1", 1, 1.0), ("E1", 2, nan), ("E1", 3, 3.0), ("E1", 3, 3.0)])
    )
    assert counts(again) == (4, 4, 0, 3, 0)


def test_other_values_for_a_flight_are_conflicts() -> None:
    """Against the earliest record, which silver keeps; they stay in bronze."""
    shelf = Shelf()
    shelf.take(delivered("a"), parsed([("E1", 1, 1.0), ("E1", 2, 2.0)]))
    bronze = shelf.take(
        delivered("b"), parsed([("E1", 2, 2.5), ("E1", 2, 2.0), ("E1", 3, 3.0), ("E1", 3, 3.5)])
    )
    assert counts(bronze) == (4, 4, 0, 1, 2)


def test_the_second_life_of_an_engine_number_is_conflicts() -> None:
    """Its rows stay in bronze, and the failure is where the first life ended."""
    rows = [("E1", cycle, float(cycle)) for cycle in range(1, 6)]
    rows += [("E1", cycle, 100.0 + cycle) for cycle in range(1, 4)]
    bronze = Shelf().take(delivered(kind="history"), parsed(rows))
    assert counts(bronze) == (8, 8, 0, 0, 3)
    assert bronze.tables[FAILURES.name]["cycle"].to_list() == [5]


def test_unknown_columns_are_told() -> None:
    content = replace(parsed([("E1", 1, 1.0)]), unknown_columns=("oil",))
    assert Shelf().take(delivered(), content).unknown == ("oil",)


@pytest.mark.parametrize(
    ("state", "run", "is_repeated"),
    [
        ("accepted", "run-0", True),
        ("blocked", "run-0", True),
        ("received", "run-9", True),
        ("received", "run-0", False),
        ("rejected", "run-0", False),
        ("withdrawn", "run-0", False),
        ("duplicate", "run-0", False),
    ],
)
def test_the_same_file_again_brings_no_rows(state: str, run: str, is_repeated: bool) -> None:
    """Only what stands, or came earlier in the same run, makes a second one a duplicate."""
    shelf = Shelf()
    shelf.take(delivered("a", sha256="x"), parsed([("E1", 1, 1.0)]))
    deliveries = shelf.tables[DELIVERIES.name].with_columns(
        state=pl.lit(state), run_id=pl.lit(run), delivery_id=pl.lit("d-first")
    )
    arrival = Arrival("run-9", "run-9", START)
    again = repeated(delivered("b", sha256="x"), deliveries, arrival)
    assert (again is not None) == is_repeated
    if again is not None:
        assert list(again.tables) == [DELIVERIES.name]
        assert counts(again) == (0, 0, 0, 0, 0)
        assert (row(again)["state"], row(again)["duplicate_of"]) == ("duplicate", "d-first")


def test_another_fleet_or_kind_is_no_repetition() -> None:
    """One content can be delivered for two fleets; nor does a delivery repeat itself."""
    shelf = Shelf()
    given = delivered("a", sha256="x")
    shelf.take(given, parsed([("E1", 1, 1.0)]), run="r")
    deliveries = shelf.tables[DELIVERIES.name]
    other = Arrival("q", "q", START)
    assert repeated(replace(given, fleet="G"), deliveries, other) is None
    assert repeated(replace(given, kind="history"), deliveries, other) is None
    assert repeated(given, deliveries, Arrival("r", "r2", START)) is None


def test_a_file_that_could_not_be_read_never_repeats() -> None:
    """Two broken files are two deliveries to look at."""
    broken = replace(delivered("a", sha256="x"), reason=Reason.BROKEN_ARCHIVE, detail="cut")
    shelf = Shelf()
    shelf.take(delivered("b", sha256="x"), parsed([("E1", 1, 1.0)]))
    assert repeated(broken, shelf.tables[DELIVERIES.name], Arrival("r", "r", START)) is None


def test_a_rejected_delivery_leaves_one_row_for_the_file_and_one_a_line() -> None:
    """Counts are those of the lines; no record, failure or truth of it exists."""
    content = parsed([], [(1, None, None), (2, None, None)])
    fault = Fault(Reason.NO_USABLE_LINE, "no line could be used")
    bronze = Shelf().take(delivered(kind="history"), replace(content, rejected=fault))
    assert list(bronze.tables) == [QUARANTINE.name, DELIVERIES.name]
    assert bronze.tables[QUARANTINE.name]["line"].to_list() == [None, 1, 2]
    assert counts(bronze) == (2, 0, 2, 0, 0)
    assert row(bronze)["state"] == "rejected"
    assert row(bronze)["reason"] == "no_usable_line: no line could be used"
    unread = replace(parsed([]), rejected=Fault(Reason.EMPTY, "the file is empty"))
    assert counts(Shelf().take(delivered(), unread)) == (0, 0, 0, 0, 0)


def test_a_history_says_when_its_engines_failed() -> None:
    """At the highest delivered cycle, a quarantined line included; no line invents an engine."""
    rows = [("E2", 7, 1.0), ("E1", 2, 1.0), ("E1", 1, 1.0), ("E2", 6, 1.0)]
    bad = [(5, "E1", 3), (6, "E9", 400), (7, None, None)]
    failures = Shelf().take(delivered(kind="history"), parsed(rows, bad)).tables[FAILURES.name]
    assert failures.select("fleet", "engine", "cycle", "origin").rows() == [
        ("F", "E1", 3, "history"),
        ("F", "E2", 7, "history"),
    ]
    in_service = Shelf().take(delivered(), parsed(rows, bad))
    assert FAILURES.name not in in_service.tables


def test_engines_of_other_fleets_have_nothing_to_do_with_it() -> None:
    """NASA numbers every set from 1: the same name in another fleet is another engine."""
    shelf = Shelf()
    shelf.take(replace(delivered("a"), fleet="G"), parsed([("E1", 1, 7.0), ("E1", 5, 1.0)]))
    bronze = shelf.take(delivered("b"), parsed([("E1", 1, 1.0), ("E1", 2, 1.0)]))
    assert counts(bronze) == (2, 2, 0, 0, 0)
    assert bronze.unknown == ()


def test_a_repeated_step_counts_the_same() -> None:
    """What an earlier attempt of the same run has written is not taken for another delivery."""
    shelf = Shelf()
    content = parsed([("E1", 1, 1.0), ("E1", 2, 1.0)])
    first = shelf.take(delivered("a"), content, run="r")
    assert counts(shelf.take(delivered("a"), content, run="r")) == counts(first)
