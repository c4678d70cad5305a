"""StatisticsGen, SchemaGen and ExampleValidator, one after the other."""

import narwhals as nw
import polars as pl

from lakehouse.validation.changes import Change
from lakehouse.validation.files import read_schema, schema_text
from pipeline.components.example_validator import example_validator
from pipeline.components.schema_gen import JENSEN_SHANNON, schema_gen
from pipeline.components.statistics_gen import statistics_gen

NORMAL = pl.DataFrame({"engine": ["a", "b"] * 50, "x": [float(n) for n in range(100)]})
ODD = pl.DataFrame({"engine": ["a", "c"] * 50, "x": [float(n) for n in range(200, 300)]})


def told(frame: pl.DataFrame) -> object:
    return statistics_gen(nw.from_native(frame.lazy()))


def test_the_first_schema_is_a_proposal() -> None:
    """While nobody has reviewed one, what normal data suggest is held against the next."""
    proposal = schema_gen(told(NORMAL), leave_out=("engine",))
    assert proposal.schema == proposal.proposed
    assert proposal.changes == ()
    text = schema_text(proposal.schema)
    assert text.count(f"threshold: {JENSEN_SHANNON}") == 2


def test_a_reviewed_schema_stays_and_the_data_suggest_changes() -> None:
    """Only what data can say is a change: ranges and limits are a person's."""
    reviewed = read_schema(
        'feature { name: "engine" type: BYTES domain: "engine" presence { min_count: 1 } }'
        'feature { name: "x" type: INT int_domain { min: 0 } }'
        'string_domain { name: "engine" value: "a" value: "b" }'
    )
    proposal = schema_gen(told(ODD), reviewed)
    assert proposal.schema == reviewed
    assert Change("engine", "values", "a, b", "a, c") in proposal.changes
    assert Change("x", "type", "INT", "FLOAT") in proposal.changes
    assert "range" not in [change.what for change in proposal.changes]


def test_what_is_odd_is_found() -> None:
    """A new value, and numbers that have drifted; nothing in data as they were."""
    schema = schema_gen(told(NORMAL)).schema
    found = example_validator(told(ODD), schema, previous=told(NORMAL)).findings
    assert {(finding.column, finding.type) for finding in found} == {
        ("engine", "ENUM_TYPE_UNEXPECTED_STRING_VALUES"),
        ("engine", "COMPARATOR_L_INFTY_HIGH"),
        ("x", "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"),
    }
    assert example_validator(told(NORMAL), schema, told(NORMAL), told(NORMAL)).findings == ()
