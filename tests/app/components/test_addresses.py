"""Addresses name tables, versions and engines, whatever these are called."""

from urllib.parse import parse_qs, urlsplit

import pytest

from app.components.addresses import (
    diff_address,
    retention_address,
    table_address,
    tables_address,
)
from app.queries.table_diff import DiffAsk
from app.queries.table_history import Ask
from app.router import query_of

ENGINE = ("F&D", "a/b=1 #2")


def test_version_0_is_a_version_and_nothing_is_left_out() -> None:
    assert table_address("silver/readings", 0) == "/tables/silver/readings?version=0"
    assert table_address("silver/readings") == "/tables/silver/readings"
    assert diff_address("ops/files", (0, 1)) == "/tables/ops/files/diff?from=0&to=1"


def test_the_snapshot_is_kept() -> None:
    found = [tables_address(4), retention_address(4), table_address("ops/files", 1, 4),
             diff_address("ops/files", (0, 1), 4)]  # fmt: skip
    assert all(parse_qs(urlsplit(each).query)["as_of"] == ["4"] for each in found)


@pytest.mark.parametrize("engine", [ENGINE, ("F", "e"), ("", ""), ("F", "")])
def test_an_engine_is_read_back_as_it_was_written(engine: tuple[str, str]) -> None:
    """Its fleet ends at the first stroke; half an engine is none."""
    whole = engine if all(engine) else ("", "")
    there = Ask.of(query_of(urlsplit(table_address("a/b", 1, None, engine)).query), None)
    assert (there.fleet, there.engine, there.version) == (*whole, 1)
    diff = urlsplit(diff_address("a/b", (1, 2), None, engine, "sensor_4")).query
    back = DiffAsk.of("a/b", query_of(diff), None)
    assert (back.fleet, back.engine) == whole
    assert (back.before, back.after, back.column) == (1, 2, "sensor_4")
