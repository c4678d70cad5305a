"""Each kind of anomaly, on the smallest data that show it."""

import math
from collections.abc import Mapping, Sequence

import polars as pl
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from lakehouse.validation.files import read_schema
from lakehouse.validation.finding import Finding
from lakehouse.validation.validation import findings, validate_statistics
from tests.lakehouse.validation.protos import told

Columns = Mapping[str, Sequence[object] | pl.Series]
INT = 'feature { name: "x" type: INT %s }'
FLOAT = 'feature { name: "x" type: FLOAT %s }'
TEXT = 'feature { name: "x" type: BYTES %s }'
REQUIRED = "presence { min_count: 1 min_fraction: 1 }"
DOMAIN = 'domain: "d" %s } string_domain { name: "d" value: "a" value: "b"'
JENSEN_SHANNON = "{ jensen_shannon_divergence { threshold: 0.1 } }"
L_INFINITY = "{ infinity_norm { threshold: 0.1 } }"


def validated(
    columns: Columns, schema: str, previous: Columns | None = None, training: Columns | None = None
) -> tuple[Finding, ...]:
    others = (
        None if other is None else told(pl.DataFrame(other)) for other in (previous, training)
    )
    found = validate_statistics(told(pl.DataFrame(columns)), read_schema(schema), *others)
    return findings(found)


def types(*args: object) -> list[str]:
    return [finding.type for finding in validated(*args)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "schema", "expected"),
    [
        ([1, 2], INT % REQUIRED, []),
        ([1, None], INT % REQUIRED, ["FEATURE_TYPE_LOW_FRACTION_PRESENT"]),
        ([1, None], INT % "presence { min_fraction: 0.5 }", []),
        ([1, None], INT % "presence { min_count: 2 }", ["FEATURE_TYPE_LOW_NUMBER_PRESENT"]),
        ([1, None], INT % "shape { dim { size: 1 } }", ["INVALID_FEATURE_SHAPE"]),
        ([1, 2], INT % "shape { dim { size: 2 } }", ["INVALID_FEATURE_SHAPE"]),
        ([1, 2], INT % "value_count { min: 2 }", ["FEATURE_TYPE_LOW_NUMBER_VALUES"]),
        ([1, 2], INT % "value_count { max: 0 }", ["FEATURE_TYPE_HIGH_NUMBER_VALUES"]),
        ([1, 2], INT % "value_count { min: 1 max: 1 }", []),
        ([1, 5], INT % "int_domain { min: 2 max: 9 }", ["INT_TYPE_SMALL_INT"]),
        ([2, 10], INT % "int_domain { min: 2 max: 9 }", ["INT_TYPE_BIG_INT"]),
        ([1, 10], INT % "int_domain { min: 2 max: 9 }", ["INT_TYPE_SMALL_INT", "INT_TYPE_BIG_INT"]),
        (["1", "x"], TEXT % "int_domain { }", ["INT_TYPE_NOT_INT_STRING"]),
        (["1", "12"], TEXT % "int_domain { max: 9 }", ["INT_TYPE_BIG_INT"]),
        ([0.5, 2.0], FLOAT % "float_domain { min: 1 }", ["FLOAT_TYPE_SMALL_FLOAT"]),
        ([0.5, 2.0], FLOAT % "float_domain { max: 1 }", ["FLOAT_TYPE_BIG_FLOAT"]),
        ([1.0, math.nan], FLOAT % "float_domain { disallow_nan: true }", ["FLOAT_TYPE_HAS_NAN"]),
        ([1.0, math.inf], FLOAT % "float_domain { disallow_inf: true }", ["FLOAT_TYPE_HAS_INF"]),
        (["0.5", "x"], TEXT % "float_domain { }", ["FLOAT_TYPE_STRING_NOT_FLOAT"]),
        (["0.5", "3"], TEXT % "float_domain { max: 1 }", ["FLOAT_TYPE_BIG_FLOAT"]),
        ([0, 1], INT % "bool_domain { }", []),
        ([0, 2], INT % "bool_domain { }", ["BOOL_TYPE_BIG_INT"]),
        ([-1, 1], INT % "bool_domain { }", ["BOOL_TYPE_SMALL_INT"]),
        ([0.0, 0.5], FLOAT % "bool_domain { }", ["BOOL_TYPE_UNEXPECTED_FLOAT"]),
        ([1.0, 1.0], FLOAT % "bool_domain { }", []),
        (["y", "z"], TEXT % 'bool_domain { true_value: "y" }', ["BOOL_TYPE_UNEXPECTED_STRING"]),
        (["a", "b"], TEXT % DOMAIN % "", []),
        (["a", "c"], TEXT % DOMAIN % "", ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"]),
        (["a", "c"], TEXT % DOMAIN % "distribution_constraints { min_domain_mass: 0.5 }", []),
        ([1.5, 2.0], INT % "int_domain { max: 1 }", ["UNEXPECTED_DATA_TYPE"]),
        (["a", "b"], FLOAT % "", ["UNEXPECTED_DATA_TYPE"]),
        (["a", "b"], TEXT % "unique_constraints { min: 3 max: 4 }", ["FEATURE_TYPE_LOW_UNIQUE"]),
        (["a", "b"], TEXT % "unique_constraints { min: 1 max: 1 }", ["FEATURE_TYPE_HIGH_UNIQUE"]),
        ([1, 2], INT % "unique_constraints { min: 1 max: 1 }", ["FEATURE_TYPE_NO_UNIQUE"]),
        ([1, 2], 'feature { name: "x" }', ["FEATURE_MISSING_TYPE"]),
        ([1, 2], INT % "float_domain { }", ["DOMAIN_INVALID_FOR_TYPE"]),
        (["a"], TEXT % 'domain: "gone"', ["INVALID_DOMAIN_SPECIFICATION"]),
        ([1], INT % "presence { min_fraction: 2 }", ["INVALID_SCHEMA_SPECIFICATION"]),
        ([1, 2], "", ["SCHEMA_NEW_COLUMN"]),
        (["a"], INT % "lifecycle_stage: DEPRECATED", []),
        (["a"], INT % "lifecycle_stage: BETA", ["UNEXPECTED_DATA_TYPE"]),
    ],
)  # fmt: skip
def test_one_column(values: list[object], schema: str, expected: list[str]) -> None:
    """What is found is of exactly these types, in TFDV's order."""
    assert types({"x": values}, schema) == expected


@pytest.mark.parametrize("dtype", [pl.Int64, pl.String, pl.Float64])
def test_a_column_without_a_value(dtype: pl.DataType) -> None:
    """Missing if it is required, otherwise nothing; its type is not looked at."""
    frame: Columns = {"x": pl.Series([None, None], dtype=dtype), "y": [1, 2]}
    other = 'feature { name: "y" type: INT }'
    assert types(frame, FLOAT % REQUIRED + other) == ["FEATURE_TYPE_NOT_PRESENT"]
    assert types(frame, FLOAT % "presence { min_count: 0 }" + other) == []


def test_a_column_that_is_gone() -> None:
    """Missing if it is required and neither deprecated nor of another environment."""
    assert types({"y": [1]}, INT % REQUIRED + 'feature { name: "y" type: INT }') == [
        "SCHEMA_MISSING_COLUMN"
    ]
    assert types({"y": [1]}, INT % "" + 'feature { name: "y" type: INT }') == []
    planned = INT % (REQUIRED + " lifecycle_stage: PLANNED")
    assert types({"y": [1]}, planned + 'feature { name: "y" type: INT }') == []


def test_environments_say_which_columns_belong() -> None:
    """A label is not expected where it cannot be known, and out of place where it is there."""
    schema = read_schema(
        'default_environment: "TRAINING" default_environment: "SERVING"'
        + INT % (REQUIRED + ' not_in_environment: "SERVING"')
        + 'feature { name: "y" type: INT }'
    )
    bare, labelled = told(pl.DataFrame({"y": [1]})), told(pl.DataFrame({"x": [1], "y": [1]}))

    def found(statistics: object, environment: str) -> list[str]:
        anomalies = validate_statistics(statistics, schema, environment=environment)
        return [finding.type for finding in findings(anomalies)]

    assert found(bare, "SERVING") == []
    assert found(bare, "TRAINING") == ["SCHEMA_MISSING_COLUMN"]
    assert found(labelled, "TRAINING") == []
    assert found(labelled, "SERVING") == ["SCHEMA_NEW_COLUMN"]


@pytest.mark.parametrize("kind", ["drift", "skew"])
def test_distances_from_other_data(kind: str) -> None:
    """Numbers by their histograms, text by its shares; equal data are no distance away."""
    place = 2 if kind == "drift" else 3

    def compared(mine: list[object], other: Columns, schema: str) -> list[str]:
        args: list[object] = [{"x": mine}, schema, None, None]
        args[place] = other
        return types(*args)

    near, far = {"x": list(range(100))}, {"x": list(range(50, 150))}
    numbers = INT % f"{kind}_comparator {JENSEN_SHANNON}"
    assert compared(list(range(100)), near, numbers) == []
    assert compared(list(range(100)), far, numbers) == ["COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"]
    text = TEXT % f"{kind}_comparator {L_INFINITY}"
    assert compared(["a", "b"], {"x": ["b", "a"]}, text) == []
    assert compared(["a", "b"], {"x": ["a", "a"]}, text) == ["COMPARATOR_L_INFTY_HIGH"]
    shares = TEXT % f"{kind}_comparator {JENSEN_SHANNON}"
    assert compared(["a", "b"], {"x": ["c", "d"]}, shares) == [
        "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"
    ]
    assert compared([1, 2], {"y": [1, 2]}, numbers) == ["COMPARATOR_CONTROL_DATA_MISSING"]
    assert compared(list(range(100)), {"x": ["a"]}, numbers) == []


def test_without_other_data_comparators_say_nothing() -> None:
    """The first delivery has drifted from nothing."""
    assert types({"x": [1]}, INT % f"drift_comparator {JENSEN_SHANNON}") == []


def test_drift_and_skew_are_measured_beside_each_other() -> None:
    """What was measured is written down whether it is too much or not."""
    schema = INT % f"drift_comparator {JENSEN_SHANNON} skew_comparator {JENSEN_SHANNON}"
    same, other = told(pl.DataFrame({"x": [1, 2]})), told(pl.DataFrame({"x": [8, 9]}))
    anomalies = validate_statistics(same, read_schema(schema), same, other)
    (info,) = anomalies.drift_skew_info
    assert [m.value for m in info.drift_measurements] == [0.0]
    assert [m.value for m in info.skew_measurements] == [1.0]


@pytest.mark.parametrize(
    ("schema", "title"),
    [
        ("type: INT value_count { min: 1 max: 0 }", "ValueCount.max should not be less than min"),
        ("type: INT value_count { min: -1 }", "ValueCount.min should not be negative"),
        ("type: INT shape { dim { } }", "Shape.dim.size must be a positive integer"),
        ("type: INT presence { min_fraction: 1.5 }", "min_fraction should not greater than 1"),
        (
            "type: INT presence { min_fraction: -1 }",
            "min_fraction should not be negative: clear is equal to zero",
        ),
        ("type: INT", "distribution constraints require domain or string domain."),
        ("type: INT int_domain { }", "distribution constraints not supported for int domains."),
        (
            "type: BYTES url_domain { }",
            "distribution constraints not supported for semantic domains.",
        ),
        ('type: BYTES domain: "none"', "missing domain: "),
        ("type: BYTES time_of_day_domain { }", "internal issue: unknown domain_info type"),
    ],
)
def test_a_schema_that_makes_no_sense_says_so_in_tfdv_s_words(schema: str, title: str) -> None:
    """The rest of the feature is checked all the same; TFDV gives these reasons no description."""
    is_text = "BYTES" in schema
    data = told(pl.DataFrame({"x": ["a", "b"] if is_text else [1, 2]}))
    held = read_schema(f'feature {{ name: "x" {schema} distribution_constraints {{ }} }}')
    found = validate_statistics(data, held)
    first = found.anomaly_info["x"].reason[0]
    domain = title.startswith(("missing", "internal"))
    kind = "INVALID_DOMAIN_SPECIFICATION" if domain else "INVALID_SCHEMA_SPECIFICATION"
    assert anomalies_pb2.AnomalyInfo.Type.Name(first.type) == kind
    assert (first.short_description, first.description) == (title, "")
    assert findings(found)[0].detail == title.strip()


def test_values_are_quoted_as_c_writes_them() -> None:
    """So that a description stays one line, whatever the data hold."""
    (found,) = validated({"x": ["é\"'\\\t\n\x01"]}, TEXT % DOMAIN % "")
    assert "schema: é\\\"\\'\\\\\\t\\n\\001 (~100%)." in found.detail


def test_several_reasons_are_one_anomaly() -> None:
    """As TFDV writes them: a common title, each reason of its own type."""
    frame = pl.DataFrame({"x": ["1", None, "huge"]})
    schema = read_schema(FLOAT % f"{REQUIRED} float_domain {{ max: 5 }}")
    info = validate_statistics(told(frame), schema).anomaly_info["x"]
    assert info.short_description == "Multiple errors"
    assert info.severity == anomalies_pb2.AnomalyInfo.ERROR
    assert [anomalies_pb2.AnomalyInfo.Type.Name(reason.type) for reason in info.reason] == [
        "FEATURE_TYPE_LOW_FRACTION_PRESENT",
        "UNEXPECTED_DATA_TYPE",
        "FLOAT_TYPE_STRING_NOT_FLOAT",
    ]
    assert info.description == " ".join(reason.description for reason in info.reason)


@pytest.mark.parametrize(
    ("rows", "constraint", "expected"),
    [
        (5, "min_examples_count: 6", ["DATASET_LOW_NUM_EXAMPLES"]),
        (5, "max_examples_count: 4", ["DATASET_HIGH_NUM_EXAMPLES"]),
        (5, "min_examples_count: 5 max_examples_count: 5", []),
        (
            5,
            "num_examples_drift_comparator { min_fraction_threshold: 0.6 }",
            ["COMPARATOR_LOW_NUM_EXAMPLES"],
        ),
        (
            20,
            "num_examples_drift_comparator { max_fraction_threshold: 1.5 }",
            ["COMPARATOR_HIGH_NUM_EXAMPLES"],
        ),
    ],
)
def test_the_number_of_rows(rows: int, constraint: str, expected: list[str]) -> None:
    """By itself, and against the data before."""
    schema = INT % "" + f"dataset_constraints {{ {constraint} }}"
    found = validated({"x": [1] * rows}, schema, {"x": [1] * 10})
    assert [(finding.type, finding.column) for finding in found] == [(e, None) for e in expected]


def test_data_without_a_row() -> None:
    """There is nothing to validate, and that is what is wrong."""
    assert types({"x": []}, INT % REQUIRED) == ["NO_DATA_IN_SPAN"]


def test_a_finding_carries_the_numbers() -> None:
    """Severity, column and TFDV's sentence."""
    (found,) = validated({"x": ["a"] * 90 + ["é"] * 10}, TEXT % DOMAIN % "")
    assert found == Finding(
        "error",
        "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
        "Examples contain values missing from the schema: é (~10%).",
        "x",
    )


def test_a_warning_stays_a_warning() -> None:
    """Severity is what the anomaly says."""
    text = (
        'anomaly_info { key: "x" value { severity: WARNING reason { type: SCHEMA_NEW_COLUMN } } }'
    )
    anomalies = text_format.Parse(text, anomalies_pb2.Anomalies())
    assert [finding.severity for finding in findings(anomalies)] == ["warning"]
