"""Addresses: whatever a name holds, it arrives as it is."""

from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import pytest

from app.components import addresses
from app.components.addresses import (
    diff_address,
    export_address,
    retention_address,
    table_address,
    tables_address,
)
from app.queries import quality
from app.queries.table_diff import DiffAsk
from app.queries.table_history import Ask
from app.router import query_of

ODD = "a/b?c#d&e=f g+ü<\"%2F'"


@pytest.mark.parametrize(
    "address",
    [
        addresses.fleet_address(ODD, 3),
        addresses.quality_address(quality.Ask(fleet=ODD), 3),
        addresses.limits_address(ODD, as_of=3),
        addresses.page_address("/quality/drift", fleet=ODD, delivery="", as_of=3, all=None),
    ],
)
def test_a_fleet_and_the_snapshot_are_kept_in_the_query(address: str) -> None:
    assert dict(parse_qsl(urlsplit(address).query)) == {"fleet": ODD, "as_of": "3"}
    assert not urlsplit(address).fragment


@pytest.mark.parametrize(
    "address",
    [
        addresses.engine_address("FD001", ODD),
        addresses.anomaly_address(ODD),
        addresses.run_address(ODD),
    ],
)
def test_a_name_in_a_path_is_one_part_of_it(address: str) -> None:
    assert unquote(urlsplit(address).path.rpartition("/")[2]) == ODD
    assert urlsplit(address).query == ""


def test_what_is_not_asked_for_is_not_in_the_address() -> None:
    assert addresses.fleet_address() == "/"
    assert addresses.runs_address() == addresses.runs_address("", 1) == "/runs"
    assert addresses.runs_address("ingest", 2) == "/runs?kind=ingest&page=2"
    assert addresses.run_address("r-1", joined="1") == "/runs/r-1?joined=1"
    assert addresses.run_log_address("r-1") == "/runs/r-1/log.txt"
    assert addresses.schema_address("") == "/quality/schema"
    assert addresses.schema_file_address("s/1") == "/quality/schema/s%2F1/schema.pbtxt"


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
    file = query_of(urlsplit(export_address("a/b", 1, "csv", engine)).query)
    assert file.pop("engine", "") == "/".join(whole).strip("/")
    assert file == {"version": "1", "format": "csv"}
    diff = urlsplit(diff_address("a/b", (1, 2), None, engine, "sensor_4")).query
    back = DiffAsk.of("a/b", query_of(diff), None)
    assert (back.fleet, back.engine) == whole
    assert (back.before, back.after, back.column) == (1, 2, "sensor_4")
