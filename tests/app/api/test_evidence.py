"""Evidence bundles of a home that has lived: what is in them, for whom, and that they hold."""

import io
import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest
from google.protobuf import text_format

from app.services import Services
from lakehouse.artifacts import file_sha256
from lakehouse.audit import AuditLog
from lakehouse.bundle import Sources, check_bundle, make_bundle
from lakehouse.settings import Settings
from lakehouse.validation.files import read_statistics
from lakehouse.validation.protos import Schema
from tests.app.security.conftest import Browser
from tests.app.taught_home import TaughtHome
from tests.pipeline.command import document, quick

ENGINE = "late-1"


@pytest.fixture
def said(taught_services: Services) -> dict[str, Any]:
    """The newest prediction of one engine."""
    rows = taught_services.lake.scan("gold/predictions").collect("polars").to_native()
    return dict(rows.filter(engine=ENGINE).row(0, named=True))


def name_of(said: dict[str, Any]) -> str:
    return f"{said['fleet']}/{said['engine']}@{said['cycle']}"


def bundle(home: Path, services: Services, name: str) -> bytes:
    """A bundle as the home would make it."""
    file = io.BytesIO()
    sources = Sources(Settings(home=home), services.lake, services.profile)
    made = make_bundle(sources, name, file)
    assert (made.left_out, made.failed) == ({}, ())
    return file.getvalue()


def lines(archive: ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(name).splitlines()]


def test_a_prediction_s_bundle_holds_all_that_it_came_from(
    taught_home: TaughtHome, taught_services: Services, said: dict[str, Any], tmp_path: Path
) -> None:
    """From the rows to the delivered files and the model, readable by whoever has the formats."""
    content = bundle(taught_home.path, taught_services, name_of(said))
    assert bundle(taught_home.path, taught_services, name_of(said)) == content
    file = tmp_path / "evidence.zip"
    file.write_bytes(content)
    assert check_bundle(file).ok
    archive = ZipFile(file)
    told = json.loads(archive.read("subject.json"))
    assert told["prediction"]["probability"] == said["probability"]
    assert told["model"]["sha256"].startswith(said["model_id"].rpartition("-")[2])
    assert (told["model"]["blessed"], told["model"]["trained_by"]["run_id"]) == (
        True, taught_home.trained["run_id"],
    )  # fmt: skip
    assert told["model"]["metrics"].keys() >= {"f1", "coverage"}
    rows = pl.read_csv(archive.read("rows/silver/readings.csv"))
    assert rows["cycle"].to_list() == [*range(1, said["cycle"] + 1)]
    assert pl.read_csv(archive.read("rows/gold/features.csv")).height == rows.height
    delivered = {row["delivery_id"]: row for row in lines(archive, "deliveries.jsonl")}
    assert taught_home.delivery in delivered
    assert delivered[taught_home.delivery]["sha256"] == file_sha256(
        Path(delivered[taught_home.delivery]["source"])
    )
    checks = {one["what"]: one["ok"] for one in json.loads(archive.read("checks.json"))}
    assert {"model files", "rows used"} <= checks.keys()
    assert set(checks.values()) == {True}


def test_its_records_are_those_of_the_home(
    taught_home: TaughtHome, taught_services: Services, said: dict[str, Any]
) -> None:
    """Metadata store, logs of the tables, statistics, schema, and the audit log."""
    archive = ZipFile(io.BytesIO(bundle(taught_home.path, taught_services, name_of(said))))
    runs = {row["run"] for row in lines(archive, "mlmd/executions.jsonl")}
    assert {taught_home.trained["run_id"], taught_home.odd["run_id"]} <= runs
    keys = {row["key"] for row in lines(archive, "mlmd/artifacts.jsonl")}
    assert any(event["target"] in keys for event in lines(archive, "mlmd/events.jsonl"))
    versions = lines(archive, "tables/silver/readings.jsonl")
    assert [row["version"] for row in versions if row["concerned"]] == [3, 2, 1]
    assert versions[0]["run_id"] == taught_home.odd["run_id"]
    names = archive.namelist()
    statistics = [name for name in names if name.endswith("FeatureStats.pb")]
    assert all(read_statistics(archive.read(name)).datasets for name in statistics)
    assert any(taught_home.delivery in name for name in statistics)
    schema = next(name for name in names if name.endswith("schema.pbtxt"))
    assert text_format.Parse(archive.read(schema).decode(), Schema()).feature
    found = lines(archive, "anomalies.jsonl")
    assert {row["delivery_id"] for row in found} == {taught_home.delivery}
    events = lines(archive, "lineage/openlineage.jsonl")
    assert {"START", "COMPLETE"} == {event["eventType"] for event in events}
    entries = lines(archive, "audit.jsonl")
    log = (taught_home.path / "audit" / "audit.jsonl").read_bytes()
    assert set(archive.read("audit.jsonl").splitlines()) <= set(log.splitlines())
    assert {("cli", "retrain"), ("cli", "ingest")} <= {
        (entry["actor"].partition(":")[0], entry["action"]) for entry in entries
    }


def test_its_report_asks_for_nothing_and_runs_nothing(
    taught_home: TaughtHome, taught_services: Services, said: dict[str, Any]
) -> None:
    """One page, all text."""
    archive = ZipFile(io.BytesIO(bundle(taught_home.path, taught_services, name_of(said))))
    page = archive.read("report.html").decode()
    for word in (said["model_id"], said["input_digest"], "first_model", "odd.csv", "default-src"):
        assert word in page
    for active in ("<script", "<link", "<img", "http://", "https://", "url(", "javascript:"):
        assert active not in page.replace('content="width', "")
    assert sha256(archive.read("subject.json")).hexdigest() in page


def test_a_model_s_bundle_holds_what_it_learnt_from(
    taught_home: TaughtHome, taught_services: Services
) -> None:
    """The rows, who failed when, and the verdict."""
    name = taught_home.trained["model_id"]
    archive = ZipFile(io.BytesIO(bundle(taught_home.path, taught_services, name)))
    assert pl.read_csv(archive.read("rows/silver/readings.csv")).height == 4817
    assert pl.read_csv(archive.read("rows/bronze/failures.csv")).height == 25
    assert any(each.endswith("/BLESSED") for each in archive.namelist())
    assert taught_home.odd["run_id"] not in archive.read("mlmd/executions.jsonl").decode()


def test_an_earlier_cycle_has_its_evidence_too(
    taught_home: TaughtHome, taught_services: Services
) -> None:
    """What was worked out later, from the rows up to that cycle."""
    archive = ZipFile(io.BytesIO(bundle(taught_home.path, taught_services, f"SIM/{ENGINE}@50")))
    told = json.loads(archive.read("subject.json"))
    assert told["prediction"]["origin"] == "backfill"
    assert pl.read_csv(archive.read("rows/silver/readings.csv")).height == 50
    assert told["model"]["model_id"] == taught_home.trained["model_id"]


def test_who_may_gets_it_and_the_log_notes_its_hash(
    taught_services: Services,
    taught_home: TaughtHome,
    taught_browser: Callable[[str], Browser],
    said: dict[str, Any],
) -> None:
    """By a link on the engine's page; others are refused, which is in the log."""
    auditor = taught_browser("auditor")
    answer = auditor.client.get("/audit/evidence.zip", query_string={"of": name_of(said)})
    assert answer.status_code == 200
    entry = taught_services.audit.entries()[-1]
    assert (entry.action, entry.object) == ("read_audit", f"bundle {name_of(said)}")
    assert entry.after == {"sha256": sha256(answer.get_data()).hexdigest()}
    assert "evidence-SIM-late-1-" in answer.headers["Content-Disposition"]
    wrongs = (
        "",
        "SIM/nobody@3",
        "../../etc/passwd",
        "m-none",
        "SIM/late-1@x",
        f"SIM/late-1@{'9' * 40}",
    )
    for wrong in wrongs:
        missing = auditor.client.get("/audit/evidence.zip", query_string={"of": wrong})
        assert missing.status_code == 404, wrong
    engineer = taught_browser("engineer")
    refused = engineer.client.get("/audit/evidence.zip", query_string={"of": name_of(said)})
    assert refused.status_code == 403
    assert taught_services.audit.entries()[-1].outcome == "refused"


def test_the_command_makes_one_that_is_checked_without_a_home(
    taught_home: TaughtHome, said: dict[str, Any], tmp_path: Path
) -> None:
    """The hash that it tells is in the log; a byte that changes is named."""
    home = Path(shutil.copytree(taught_home.path, tmp_path / "var"))
    file = tmp_path / "evidence.zip"
    made = document(home, "bundle", "make", name_of(said), "--to", str(file))
    assert (made["sha256"], made["failed"]) == (file_sha256(file), [])
    assert AuditLog(home / "audit").entries()[-1].after == {"sha256": made["sha256"]}
    assert quick(home, "bundle", "make", name_of(said), "--to", str(file)).exit_code == 2
    assert quick(home, "bundle", "make", "SIM/none@1", "--to", str(tmp_path / "x")).exit_code == 2
    nowhere = tmp_path / "nowhere"
    told = document(nowhere, "bundle", "verify", str(file))
    assert (told["ok"], told["name"], told["sha256"]) == (True, name_of(said), made["sha256"])
    content = bytearray(file.read_bytes())
    with ZipFile(file) as archive:
        info = archive.getinfo("mlmd/events.jsonl")
    content[info.header_offset + 200] ^= 1
    file.write_bytes(content)
    told = document(nowhere, "bundle", "verify", str(file), code=3)
    assert [finding["where"] for finding in told["findings"]] == ["mlmd/events.jsonl"]
    assert not nowhere.exists()
    model = home / "artifacts" / "Trainer" / said["model_id"] / "MANIFEST.json"
    changed = next(each for each in model.parent.iterdir() if each != model)
    changed.write_bytes(changed.read_bytes() + b" ")
    red = document(home, "bundle", "make", name_of(said), "--to", str(tmp_path / "red"), code=3)
    assert red["failed"] == ["model files"]
    assert check_bundle(tmp_path / "red").ok


def test_a_version_that_was_let_go_is_no_mismatch_and_a_damaged_one_is(
    taught_home: TaughtHome, said: dict[str, Any], tmp_path: Path
) -> None:
    """Rows are found again where they still are; what cannot be had is named and left out."""
    home = Path(shutil.copytree(taught_home.path, tmp_path / "var"))
    document(home, "maintain", "--days", "0")
    made = document(home, "bundle", "make", name_of(said), "--to", str(tmp_path / "kept"))
    assert made["failed"] == []
    for file in (home / "lake" / "silver" / "readings").rglob("*.parquet"):
        content = bytearray(file.read_bytes())
        content[100 : len(content) // 2] = bytes(len(content) // 2 - 100)
        file.write_bytes(content)
    told = document(home, "bundle", "make", name_of(said), "--to", str(tmp_path / "red"), code=3)
    # The rows themselves are proven from bronze.
    assert {what.partition("@")[0] for what in told["failed"]} == {"silver/readings"}
    assert "rows/silver/readings.csv" in told["left_out"]
    assert check_bundle(tmp_path / "red").ok
