"""Statistics, schema and anomalies are those of TensorFlow Data Validation 1.16."""

from pathlib import Path

import polars as pl
import pytest
from google.protobuf import text_format

from lakehouse.profiles.turbofan import PROFILE
from lakehouse.validation.files import read_schema, read_statistics, schema_text
from lakehouse.validation.protos import Anomalies, Statistics
from lakehouse.validation.schema import infer_schema
from lakehouse.validation.validation import validate_statistics
from pipeline.sources.nasa import columns
from pipeline.sources.table_csv import read_table
from tests.lakehouse.validation.protos import differences, told

VARIANTS = (
    "clean", "column_missing", "drift_category", "drift_numeric", "float_becomes_text",
    "presence", "skew_numeric", "unseen_category",
)  # fmt: skip
ROUNDING = 1e-11


def oracle(folder: Path) -> Statistics:
    return read_statistics((folder / "FeatureStats.pb").read_bytes())


@pytest.mark.parametrize("name", ["base", *VARIANTS])
def test_statistics_are_the_same(tfdv: Path, name: str) -> None:
    """Counts exactly, moments and every bucket of every histogram up to rounding."""
    frame = read_table(tfdv / name / "data.csv.gz")
    assert not list(differences(told(frame), oracle(tfdv / name), ROUNDING))


@pytest.mark.nasa
def test_statistics_of_nasa_s_engines_are_the_same(tfdv: Path, nasa: Path) -> None:
    """On train_FD001 too, with a header and a label."""
    named = [*columns(PROFILE.signal_names), "label"]
    found = next(nasa.rglob("train_FD001.txt*"))
    frame = read_table(found)
    left = pl.col("cycle").max().over("engine") - pl.col("cycle")
    frame = frame.with_columns((left < 20).cast(pl.Int64).alias("label")).select(named)
    wanted = oracle(tfdv / "fd001")
    frame.columns = [feature.path.step[0] for feature in wanted.datasets[0].features]
    assert not list(differences(told(frame), wanted, ROUNDING))


@pytest.mark.parametrize(
    ("folder", "file", "shape"),
    [
        ("base", "schema", True),
        ("base", "schema_without_shape", False),
        ("fd001", "schema", True),
    ],
)
def test_the_inferred_schema_is_the_same(tfdv: Path, folder: str, file: str, shape: bool) -> None:
    """To the letter."""
    wanted = (tfdv / folder / f"{file}.pbtxt").read_text()
    assert schema_text(infer_schema(oracle(tfdv / folder), shape)) == wanted


@pytest.mark.parametrize("name", VARIANTS)
def test_anomalies_are_the_same(tfdv: Path, name: str) -> None:
    """Types, words and severity exactly; measured distances up to rounding."""
    wanted = text_format.Parse((tfdv / name / "anomalies.pbtxt").read_text(), Anomalies())
    schema = read_schema((tfdv / "base" / "schema_reviewed.pbtxt").read_text())
    base = oracle(tfdv / "base")
    found = validate_statistics(
        told(read_table(tfdv / name / "data.csv.gz")),
        schema,
        previous=base if name.startswith("drift") else None,
        training=base if name.startswith("skew") else None,
    )
    assert sorted(found.anomaly_info) == sorted(wanted.anomaly_info)
    for column, info in wanted.anomaly_info.items():
        assert found.anomaly_info[column] == info
    for message in (found, wanted):
        message.ClearField("anomaly_info")
    assert not list(differences(found, wanted, ROUNDING))
