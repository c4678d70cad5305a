"""Which engines have failed."""

from datetime import UTC, datetime, timedelta

import polars as pl

from pipeline.components.failures import failed_engines

DAY = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ("engine", "cycle", "origin", "delivery_id")


def said(*rows: tuple[str, int, str, str | None]) -> pl.DataFrame:
    """Rows of bronze/failures, a day apart."""
    frame = pl.DataFrame(rows, COLUMNS, orient="row", infer_schema_length=None)
    times = [DAY + timedelta(days=index) for index in range(len(rows))]
    return frame.with_columns(fleet=pl.lit("F"), reported_at=pl.Series(times), run_id=pl.lit("r"))


def failed(*rows: tuple[str, int, str, str | None]) -> dict[str, int]:
    found = failed_engines(said(*rows), pl.Series(["d1", "d2"]))
    return dict(found.select("engine", "failure_cycle").iter_rows())


def test_history_fails_at_its_highest_delivered_cycle() -> None:
    """Two deliveries of one history: the later cycle is the failure."""
    assert failed(("a", 90, "history", "d1"), ("a", 120, "history", "d2")) == {"a": 120}


def test_history_of_a_delivery_that_is_not_accepted_does_not_count() -> None:
    """A blocked or withdrawn delivery says nothing about failures."""
    assert failed(("a", 90, "history", "d9")) == {}


def test_a_person_outranks_history_and_may_take_it_back() -> None:
    """The newest word counts; a retraction gives the question back to history."""
    history, word = ("a", 90, "history", "d1"), ("a", 95, "reported", None)
    assert failed(history, word) == {"a": 95}
    assert failed(word, history) == {"a": 95}
    assert failed(history, word, ("a", 95, "retracted", None)) == {"a": 90}
    assert failed(word, ("a", 95, "retracted", None)) == {}


def test_an_overhaul_or_removal_gives_no_label() -> None:
    """Such an engine has not failed, whatever its history says."""
    assert failed(("a", 90, "history", "d1"), ("a", 90, "overhaul", None)) == {}
    assert failed(("a", 90, "history", "d1"), ("a", 90, "removal", None)) == {}
