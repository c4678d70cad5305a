"""One anomaly's read model: the rows that show it, whoever it is about."""

from dataclasses import replace

import numpy as np

from app.queries.anomaly import AROUND, Evidence, Finding, evidence, finding
from app.services import Services


def found(services: Services, name: str) -> Finding:
    one = finding(services.pinned(), name)
    assert one is not None
    return one


def shown(services: Services, name: str, engine: str = "") -> Evidence:
    return evidence(services.pinned(), services.profile, found(services, name), engine)


def test_an_anomaly_knows_its_delivery_and_the_limit_that_it_broke(decided: Services) -> None:
    assert found(decided, "a-unit").delivery is not None
    limit = found(decided, "a-limit").limit
    assert limit is not None
    assert (limit.limit_id, limit.high, limit.author) == ("l-now", 650.0, "erik")
    assert finding(decided.pinned(), "a-absent") is None


def test_the_rows_of_the_span_come_with_three_flights_around(decided: Services) -> None:
    told = shown(decided, "a-unit")
    assert told.columns[0] == "sensor_2"
    cycles = [row[1] for row in told.rows]
    assert cycles == [*range(210 - AROUND, 241)]
    by_cycle = {row[1]: row[2] for row in told.rows}
    assert (by_cycle[209], by_cycle[210]) == (642.8, 357.1)
    assert (told.left_out, told.engine, told.shares) == (0, "test-001", ())


def test_the_course_tells_silver_and_delivery_apart(decided: Services) -> None:
    course = shown(decided, "a-unit").course
    assert course is not None
    assert len(course.cycle)
    assert [*course.brought_cycle] == [*range(201, 241)]
    assert course.brought.min() == 357.1
    accepted = shown(decided, "a-stuck").course
    assert accepted is not None
    assert not len(accepted.brought_cycle)
    assert np.isfinite(accepted.values).any()


def test_of_several_engines_the_one_furthest_from_the_others_is_shown_first(
    decided: Services,
) -> None:
    told = shown(decided, "a-fleet")
    assert [share.engine for share in told.shares] == ["test-001", "test-002", "test-003"]
    assert (told.engine, told.engines) == ("test-001", 3)
    assert (told.shares[0].low, told.shares[0].rows, told.shares[0].missing) == (357.1, 40, 0)
    other = shown(decided, "a-fleet", "test-003")
    assert other.engine == "test-003"
    assert {row[2] for row in other.rows} == {642.8}
    assert shown(decided, "a-fleet", "../../x").engine == "test-001"


def test_an_anomaly_of_whole_rows_shows_all_signals_and_no_course(decided: Services) -> None:
    told = shown(decided, "a-gap")
    assert told.columns == decided.profile.signal_names
    assert told.course is None


def test_a_column_that_no_contract_knows_is_looked_up_where_it_is_kept(decided: Services) -> None:
    told = shown(decided, "a-hostile")
    assert told.columns[0] == "extra"
    assert told.course is None


def test_rows_of_a_version_that_is_gone_are_read_of_the_one_that_is_pinned(
    decided: Services,
) -> None:
    pinned, one = decided.pinned(), found(decided, "a-unit")
    gone = replace(one, anomaly=replace(one.anomaly, table_version=99))
    told = evidence(pinned, decided.profile, gone)
    assert told.version == pinned.version("bronze/readings")
    assert told.rows
