"""`stillwater validate`: one document, an exit code, and nothing written."""

from pathlib import Path
from typing import Any

import pytest

from lakehouse.validation.files import read_anomalies, read_schema, read_statistics
from tests.pipeline.command import document, quick

SCHEMA = 'feature { name: "x" type: INT int_domain { max: 9 } presence { min_fraction: 1 } }'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def schema(tmp_path: Path) -> str:
    path = tmp_path / "schema.pbtxt"
    path.write_text(SCHEMA)
    return str(path)


def csv(folder: Path, *rows: object, name: str = "t.csv") -> str:
    (folder / name).write_text("x\n" + "".join(f"{row}\n" for row in rows))
    return str(folder / name)


def test_good_data_are_ok(tmp_path: Path, home: Path, schema: str) -> None:
    """Exit 0, no anomalies, and no home was made."""
    found = document(home, "validate", csv(tmp_path, 1, 2), "--schema", schema)
    assert (found["verdict"], found["anomalies"]) == ("ok", [])
    assert not home.exists()


def test_an_anomaly_is_told_with_its_column(tmp_path: Path, home: Path, schema: str) -> None:
    """Exit 3, TFX's type, and the numbers."""
    path = csv(tmp_path, 1, 12)
    found = document(home, "validate", path, "--schema", schema, code=3)
    assert found["verdict"] == "error"
    assert found["anomalies"] == [
        {
            "severity": "error",
            "type": "INT_TYPE_BIG_INT",
            "column": "x",
            "engine": None,
            "first_cycle": None,
            "last_cycle": None,
            "detail": "Unexpectedly large value: 12.",
            "path": path,
        }
    ]
    shown = quick(home, "validate", path, "--schema", schema)
    assert f"{path}: error: INT_TYPE_BIG_INT (x): Unexpectedly large" in shown.stdout


def test_without_a_schema_the_training_data_say_what_is_normal(tmp_path: Path, home: Path) -> None:
    """A wrong type is an error; a limit that nobody has reviewed only warns."""
    training = csv(tmp_path, *range(100), name="training.csv")
    text = csv(tmp_path, "a", "b", name="text.csv")
    found = document(home, "validate", text, "--training", training, code=3)
    assert [row["type"] for row in found["anomalies"]] == ["UNEXPECTED_DATA_TYPE"]
    far = csv(tmp_path, *range(500, 600), name="far.csv")
    for option in ("--training", "--previous"):
        found = document(home, "validate", far, option, training)
        assert found["verdict"] == "warning"
        (row,) = found["anomalies"]
        assert row["type"] == "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"


def test_alone_a_file_only_has_to_be_readable(tmp_path: Path, home: Path) -> None:
    """Each file by itself; one that cannot be read does not hide the others."""
    good, bad = csv(tmp_path, 1, "a", name="a.csv"), csv(tmp_path, "1,2", name="b.csv")
    found = document(home, "validate", good, bad, code=3)
    (row,) = found["anomalies"]
    assert (row["type"], row["path"]) == ("wrong_field_count", bad)
    assert "line 2: 1 fields expected, 2 found" in row["detail"]


def test_statistics_schema_and_anomalies_can_be_kept(
    tmp_path: Path, home: Path, schema: str
) -> None:
    """In TFX's files, which stand for the data the next time."""
    out = tmp_path / "out"
    path = csv(tmp_path, 1, 12)
    document(home, "validate", path, "--schema", schema, "--write", str(out), code=3)
    kept = out / "FeatureStats.pb"
    assert read_statistics(kept.read_bytes()).datasets[0].num_examples == 2
    assert read_schema((out / "schema.pbtxt").read_text()) == read_schema(SCHEMA)
    assert "x" in read_anomalies((out / "SchemaDiff.pb").read_bytes()).anomaly_info
    assert document(home, "validate", path, "--previous", str(kept))["verdict"] == "ok"


@pytest.mark.parametrize(
    "words",
    [
        ["validate"],
        ["validate", "gone.csv"],
        ["validate", "{t}", "--schema", "gone.pbtxt"],
        ["validate", "{t}", "--schema", "{t}"],
        ["validate", "{t}", "--previous", "{p}"],
        ["validate", "{t}", "{t}", "--write", "out"],
    ],
)
def test_wrong_usage_is_exit_2(tmp_path: Path, home: Path, words: list[str]) -> None:
    """With a message, and without a document."""
    broken = tmp_path / "broken.pb"
    broken.write_bytes(b"\xff\xff")
    paths: dict[str, Any] = {"t": csv(tmp_path, 1), "p": broken}
    done = quick(home, *[word.format(**paths) for word in words], "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr


@pytest.mark.parametrize(
    ("variant", "other", "expected"),
    [
        ("clean", None, []),
        ("column_missing", None, [("pressure", "SCHEMA_MISSING_COLUMN")]),
        ("drift_category", "--previous", [("site", "COMPARATOR_L_INFTY_HIGH")]),
        ("skew_numeric", "--training", [("temp", "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH")]),
    ],
)
def test_the_verdict_is_tfdv_s(
    tfdv: Path, home: Path, variant: str, other: str | None, expected: list[tuple[str, str]]
) -> None:
    """From file to finding, on what TFDV was asked too."""
    words = ["--schema", str(tfdv / "base" / "schema_reviewed.pbtxt")]
    words += [other, str(tfdv / "base" / "data.csv.gz")] if other else []
    path = str(tfdv / variant / "data.csv.gz")
    found = document(home, "validate", path, *words, code=3 if expected else 0)
    assert [(row["column"], row["type"]) for row in found["anomalies"]] == expected
