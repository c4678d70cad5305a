"""Truth files: each number to its engine of the in-service delivery."""

import polars as pl

from lakehouse.tables import FAILURES, TRUTH
from pipeline.sources.faults import Reason
from pipeline.sources.records import QUARANTINE as BAD_LINES
from pipeline.sources.records import Parsed
from tests.pipeline.components.shelf import Shelf, counts, delivered, parsed, row, truth


def test_truth_is_bound_to_its_in_service_delivery() -> None:
    """Line i is engine i, counted from its last delivered cycle; truth is no failure."""
    shelf = Shelf()
    rows = [(f"test-{i:03d}", cycle, 1.0) for i in (2, 10, 1) for cycle in range(1, i + 2)]
    first = shelf.take(delivered("test.txt"), parsed(rows, [(1, "test-002", 9)]))
    bronze = shelf.take(delivered("RUL.txt", "truth"), truth([31, 32, 40]))
    assert bronze.tables[TRUTH.name].select("engine", "cycle", "remaining").rows() == [
        ("test-001", 2, 31),
        ("test-002", 9, 32),
        ("test-010", 11, 40),
    ]
    assert bronze.tables[TRUTH.name]["of_delivery_id"].unique().to_list() == [
        first.delivery["delivery_id"][0]
    ]
    assert FAILURES.name not in bronze.tables
    assert counts(bronze) == (3, 3, 0, 0, 0)


def test_a_bad_truth_line_costs_its_engine_only() -> None:
    """It keeps its place, so that the other numbers stay with their engines."""
    shelf = Shelf()
    shelf.take(delivered("t"), parsed([("a", 1, 1.0), ("b", 1, 1.0), ("c", 1, 1.0)]))
    content = truth([5, 6, 7])
    bad = pl.DataFrame([(2, "x", "bad_remaining", "", None, None)], schema=BAD_LINES, orient="row")
    content = Parsed(content.records.filter(pl.col("line") != 2), bad)
    bronze = shelf.take(delivered("r", "truth"), content)
    assert bronze.tables[TRUTH.name].select("engine", "remaining").rows() == [("a", 5), ("c", 7)]
    assert counts(bronze) == (3, 2, 1, 0, 0)


def test_truth_of_the_wrong_length_or_alone_is_rejected() -> None:
    """Nothing of it goes in, and the reason says which."""
    shelf = Shelf()
    alone = shelf.take(delivered("r1", "truth"), truth([1]))
    assert alone.reasons == {Reason.TRUTH_ALONE: 1}
    shelf.take(delivered("h", "history"), parsed([("a", 1, 1.0)]))
    assert shelf.take(delivered("r2", "truth"), truth([1])).reasons == {Reason.TRUTH_ALONE: 1}
    shelf.take(delivered("t"), parsed([("a", 1, 1.0), ("b", 1, 1.0)]))
    for values in ([1], [1, 2, 3]):
        wrong = shelf.take(delivered(f"r{values}", "truth"), truth(values))
        assert wrong.reasons == {Reason.TRUTH_LENGTH: 1}
        assert row(wrong)["state"] == "rejected"
        assert TRUTH.name not in wrong.tables


def test_truth_goes_by_nasas_names_before_the_newest() -> None:
    """RUL.txt is of test.txt even when final_test.txt came later."""
    shelf = Shelf()
    test = shelf.take(delivered("d/test.txt"), parsed([("test-001", 4, 1.0)]))
    shelf.take(delivered("d/final_test.txt"), parsed([("final-001", 9, 1.0)]))
    bound = shelf.take(delivered("d/RUL.txt", "truth"), truth([8]))
    assert bound.tables[TRUTH.name]["of_delivery_id"][0] == test.delivery["delivery_id"][0]
    newest = shelf.take(delivered("other.csv", "truth"), truth([8]))
    assert newest.tables[TRUTH.name]["engine"].to_list() == ["final-001"]


def test_named_truth_goes_to_its_engines() -> None:
    """Unknown and repeated engines go to quarantine, the others in."""
    shelf = Shelf()
    shelf.take(delivered("t"), parsed([("a", 1, 1.0), ("b", 3, 1.0), ("c", 1, 1.0)]))
    bronze = shelf.take(delivered("r", "truth"), truth([5, 6, 7], ["b", "x", "b"]))
    assert bronze.tables[TRUTH.name].select("engine", "cycle", "remaining").rows() == [("b", 3, 5)]
    assert bronze.reasons == {Reason.REPEATED_ENGINE: 1, Reason.UNKNOWN_ENGINE: 1}
    assert counts(bronze) == (3, 1, 2, 0, 0)
