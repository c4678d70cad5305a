"""Addresses: whatever a name holds, it arrives as it is."""

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from app.components import addresses
from app.queries.quality import Ask

ODD = "a/b?c#d&e=f g+ü<\"%2F'"


@pytest.mark.parametrize(
    "address",
    [
        addresses.fleet_address(ODD, 3),
        addresses.quality_address(Ask(fleet=ODD), 3),
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
