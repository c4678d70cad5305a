"""What statistics suggest, what a person may add, and what changed in between."""

import polars as pl
import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from lakehouse.validation.changes import Change, schema_diff
from lakehouse.validation.files import (
    anomalies_bytes,
    read_anomalies,
    read_schema,
    read_statistics,
    schema_text,
    statistics_bytes,
)
from lakehouse.validation.schema import infer_schema, with_comparators
from lakehouse.validation.validation import validate_statistics
from tests.lakehouse.validation.protos import told


def inferred(values: list[object]) -> schema_pb2.Schema:
    return infer_schema(told(pl.DataFrame({"x": values})))


@pytest.mark.parametrize(
    ("values", "domain"),
    [
        (["true", "false"], "bool_domain"),
        (["true", "true"], "bool_domain"),
        (["TRUE", "true"], "domain"),
        (["yes", "no"], "domain"),
        (["1", "0"], "bool_domain"),
        (["1", "2"], "int_domain"),
        (["1", "99999999999999999999"], "domain"),
        ([0, 1], "bool_domain"),
        ([1, 1], "bool_domain"),
        ([0, 0], None),
        ([0, 2], None),
        ([0.0, 1.0], None),
        ([f"v{n}" for n in range(100)], "domain"),
        ([f"v{n}" for n in range(101)], None),
    ],
)
def test_domains(values: list[object], domain: str | None) -> None:
    """TFDV's rules: truth before numbers before a list of at most a hundred values."""
    (feature,) = inferred(values).feature
    assert feature.WhichOneof("domain_info") == domain


def test_data_fit_the_schema_that_they_suggest() -> None:
    """Nothing is wrong with what the schema was inferred from."""
    frame = pl.DataFrame(
        {"a": [1, None], "b": ["x", "y"], "c": [0.5, 1.5], "d": [None, None], "e": [0, 1]}
    )
    found = told(frame)
    assert not validate_statistics(found, infer_schema(found)).anomaly_info


def test_proposed_comparators() -> None:
    """Numbers by Jensen-Shannon, text with a domain by L-infinity, keys not at all."""
    frame = pl.DataFrame({"key": [1, 2], "n": [1.0, 2.0], "t": ["a", "b"]})
    schema = infer_schema(told(frame))
    key, number, text = with_comparators(schema, 0.1, 0.2, leave_out=("key",)).feature
    assert not key.HasField("drift_comparator")
    assert number.drift_comparator.jensen_shannon_divergence.threshold == 0.1
    assert text.skew_comparator.infinity_norm.threshold == 0.2
    assert schema == infer_schema(told(frame))


def test_changes_are_told_one_by_one() -> None:
    """What was added, taken away and set otherwise."""
    old = read_schema(
        'feature { name: "a" type: INT int_domain { min: 1 max: 9 } }'
        'feature { name: "b" type: BYTES domain: "d" } string_domain { name: "d" value: "x" }'
        'feature { name: "c" type: INT }'
    )
    new = read_schema(
        'feature { name: "a" type: FLOAT presence { min_fraction: 0.5 } }'
        'feature { name: "b" type: BYTES domain: "d" }'
        'string_domain { name: "d" value: "x" value: "y" }'
        'feature { name: "e" type: INT drift_comparator { infinity_norm { threshold: 0.1 } } }'
    )
    assert schema_diff(old, old) == ()
    assert schema_diff(old, new) == (
        Change("a", "type", "INT", "FLOAT"),
        Change("a", "range", "1..9", None),
        Change("a", "least share of rows", None, "0.5"),
        Change("b", "values", "x", "x, y"),
        Change("c", "type", "INT", None),
        Change("e", "type", None, "INT"),
        Change("e", "drift limit (infinity norm)", None, "0.1"),
    )


def test_files_are_read_as_they_were_written() -> None:
    """Bytes and text of TFX's files, there and back."""
    statistics = told(pl.DataFrame({"ä": ["x", None]}))
    schema = infer_schema(statistics)
    anomalies = validate_statistics(statistics, schema_pb2.Schema())
    assert read_statistics(statistics_bytes(statistics)) == statistics
    assert read_schema(schema_text(schema)) == schema
    assert read_anomalies(anomalies_bytes(anomalies)) == anomalies


def test_files_that_are_none_are_refused() -> None:
    """With what is wrong, not with protobuf's own error."""
    for read in (read_statistics, read_anomalies):
        with pytest.raises(ValueError, match="no "):
            read(b"\xff\xff\xff")
    with pytest.raises(ValueError, match="no schema: 1:1"):
        read_schema("nonsense { }")
