"""What is decided anew so that what was decided then holds again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lakehouse.corrections import CELL, NOT_RESTORED, RESTORED, no_restore, standing
from lakehouse.engines.local import no_rows
from lakehouse.quality import CORRECTIONS
from lakehouse.requests import RestoreRequest
from lakehouse.tables import DELIVERIES, TABLES
from pipeline.steps.restore import decided_back, said_back

START = datetime(2026, 11, 1, tzinfo=UTC)
ASKED = RestoreRequest(table=RESTORED, version=3, reason="wrong bench")


def words(*said: dict[str, Any]) -> pl.DataFrame:
    """Rows of bronze/corrections: c00, c01, … one after the other."""
    base = dict.fromkeys(CORRECTIONS.column_names) | {"fleet": "F", "engine": "E"}
    rows = [
        base | {"correction_id": f"c{n:02}", "corrected_at": START + timedelta(hours=n)} | word
        for n, word in enumerate(said)
    ]
    return pl.DataFrame(rows, schema=no_rows(CORRECTIONS).schema)


WORDS = st.one_of(
    st.builds(
        lambda cycle, value: {
            "action": "correct",
            "cycle": cycle,
            "column": "a",
            "new_value": value,
        },
        st.integers(1, 2),
        st.sampled_from([1.0, 2.0]),
    ),
    st.integers(1, 2).map(lambda cycle: {"action": "withdraw", "cycle": cycle}),
    st.integers(0, 9).map(lambda n: {"action": "retract", "retracts": f"c{n:02}", "cycle": 1}),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=10), st.integers(0, 10))
def test_whatever_was_said_since_what_held_then_holds_again(
    said: list[dict[str, Any]], until: int
) -> None:
    """Corrections taken back, new ones, newer ones of one value: the effect is that of then."""
    # Nothing is taken back before it was said.
    said = [w for n, w in enumerate(said) if w.get("retracts", "c") < f"c{n:02}"]
    every = words(*said)
    then = every.head(until)
    back = list(said_back(every, then, "r"))
    assert len({(w["correction_id"], w["cycle"], w["column"]) for w in back}) == len(back)
    after = pl.concat([every, words(*back).with_columns(corrected_at=START + timedelta(days=9))])
    effect = [*CELL, "new_value"]
    assert_frame_equal(
        standing(after).select(effect), standing(then).select(effect), check_row_order=False
    )
    assert list(said_back(after, then, "r2")) == []


def test_what_is_said_again_of_each_engine_can_be_taken_back_by_itself() -> None:
    """A person takes back what was said of the engine that they look at."""
    every = words(
        {"action": "withdraw", "cycle": 1},
        {"action": "withdraw", "cycle": 1, "engine": "E2"},
        {"action": "withdraw", "cycle": 2, "engine": "E2"},
        {"action": "retract", "cycle": 1, "retracts": "c00"},
        {"action": "retract", "cycle": 1, "retracts": "c01", "engine": "E2"},
        {"action": "retract", "cycle": 2, "retracts": "c02", "engine": "E2"},
    )
    back = list(said_back(every, every.head(3), "r"))
    said = sorted((word["engine"], word["cycle"], word["correction_id"]) for word in back)
    assert said == [("E", 1, "r-again-1"), ("E2", 1, "r-again-2"), ("E2", 2, "r-again-2")]


@pytest.mark.parametrize(
    ("then", "now", "after"),
    [
        ("accepted", "accepted", None),
        (None, "accepted", "withdrawn"),
        ("blocked", "accepted", "withdrawn"),
        ("accepted", "withdrawn", "accepted"),
        (None, "withdrawn", None),
        ("withdrawn", "blocked", None),
        ("accepted", "blocked", "accepted"),
        ("rejected", "rejected", None),
    ],
)
def test_deliveries_are_decided_back(then: str | None, now: str, after: str | None) -> None:
    """Those that were accepted then are, the others are not; each says who and why."""
    row = {"delivery_id": "d", "fleet": "F", "kind": "in_service", "reason": ""}
    schema = no_rows(DELIVERIES).schema
    before = [row | {"state": then}] if then else []
    found = decided_back(
        pl.DataFrame([row | {"state": now}], schema=schema),
        pl.DataFrame(before, schema=schema),
        "anna",
        ASKED,
    )
    assert found["state"].to_list() == ([after] if after else [])
    assert found["reason"].to_list() == (
        ["anna: back to silver/readings@3: wrong bench"] if after else []
    )


def test_every_table_says_whether_it_is_restored_and_what_to_do_instead() -> None:
    assert {RESTORED, *NOT_RESTORED} == set(TABLES)
    assert not no_restore(RESTORED)
    for name, instead in NOT_RESTORED.items():
        assert no_restore(name) == f"{name} cannot be restored: {instead}"
