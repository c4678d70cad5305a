"""The schemas of a fleet, past and proposed."""

from dataclasses import replace

import pytest

from app.queries.schemas import SchemaVersion, differences, facts, in_force, schemas, text_of
from app.services import Services
from tests.app.taught_home import FLEET, TaughtHome


@pytest.fixture
def every(taught_services: Services) -> tuple[SchemaVersion, ...]:
    return schemas(taught_services.pinned(), FLEET)


def test_one_is_in_force_and_one_is_proposed(
    every: tuple[SchemaVersion, ...], taught_home: TaughtHome
) -> None:
    """With who, when and why."""
    proposed, holds = every
    assert in_force(every) is holds and not holds.is_open
    assert holds.last.state == "accepted" and "first schema" in holds.last.reason
    assert holds.last.run_id == taught_home.history["run_id"]
    assert proposed.is_open and proposed.delivery_id == taught_home.delivery
    assert proposed.last.who.startswith("cli:")


def test_what_it_says_of_a_column_is_in_words(every: tuple[SchemaVersion, ...]) -> None:
    told = {each.name: each for each in facts(every[1])}
    sensor = told["sensor_7"]
    assert (sensor.type, sensor.presence) == ("FLOAT", "in every row")
    assert sensor.skew == sensor.drift == "JS ≤ 0.3"
    assert told["engine"].type == "BYTES" and told["engine"].skew == ""


def test_a_proposal_differs_where_the_data_did(every: tuple[SchemaVersion, ...]) -> None:
    changes = differences(every[1], every[0])
    assert {change.feature for change in changes} == {"sensor_7"}
    assert ("least share of rows", "1", None) in {(c.what, c.before, c.after) for c in changes}
    assert differences(every[1], every[1]) == ()


def test_the_text_is_there_by_name(
    taught_services: Services, every: tuple[SchemaVersion, ...]
) -> None:
    pinned = taught_services.pinned()
    assert text_of(pinned, every[0].schema_id) == every[0].text
    assert text_of(pinned, "s-none") is None
    assert schemas(pinned, "OTHER") == () and in_force(()) is None


def test_a_text_that_is_no_schema_is_an_error(every: tuple[SchemaVersion, ...]) -> None:
    broken = replace(every[0], text="feature { nonsense")
    with pytest.raises(ValueError, match="no schema"):
        facts(broken)
