"""The command line: documents, exit codes, messages."""

import gzip
import json
from pathlib import Path

import pytest

from lakehouse.audit import AuditLog
from lakehouse.requests import TAKE_IN
from lakehouse.users import UserStore
from pipeline.sources.simulator import simulate
from tests.pipeline.command import FAST, document, quick, stillwater


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Files of a small simulated fleet: history, in service, truth."""
    folder = tmp_path_factory.mktemp("files")
    return [delivered.source for delivered in simulate(folder, 40)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, files: list[str]) -> Path:
    """A home with one fleet and a live model."""
    home = tmp_path_factory.mktemp("home") / "var"
    for file, kind in zip(files, ("history", "in_service", "truth"), strict=True):
        told = document(home, "ingest", file, "--fleet", "F", "--kind", kind)
        assert told["state"] == "SUCCEEDED"
        assert told["deliveries"][0]["state"] == "accepted"
    assert document(home, "retrain", *FAST)["pushed"]
    return home


def test_the_help_of_a_verb_is_no_failure(tmp_path: Path) -> None:
    done = quick(tmp_path, "export", "--help")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Write rows of a table" in done.stdout


def test_init_says_whether_it_created_the_home(tmp_path: Path) -> None:
    """A second init changes nothing."""
    home = tmp_path / "var"
    assert document(home, "init") == {"home": str(home), "created": True}
    assert document(home, "init")["created"] is False


def test_the_ingest_document_holds_rows_of_deliveries_and_table_versions(home: Path) -> None:
    """The same file again is a duplicate, and that is no error."""
    source = document(home, "runs")[-1]
    told = document(home, "run", "show", source["run_id"])
    assert (told["kind"], told["state"]) == ("ingest", "SUCCEEDED")
    assert [step["node"] for step in told["steps"]] == [*TAKE_IN, "Clean", "BulkInferrer"]
    assert told["writes"]["silver/readings"] == 1


def test_the_same_file_again_is_a_duplicate(home: Path, files: list[str]) -> None:
    """Nothing goes in, exit code 0."""
    told = document(home, "ingest", files[0], "--fleet", "F", "--kind", "history")
    row = told["deliveries"][0]
    assert (row["state"], row["rows"], row["accepted"]) == ("duplicate", 0, 0)
    assert row["duplicate_of"].startswith("d-")
    assert told["tables"]["bronze/readings"] == 2


def test_bad_lines_end_with_exit_code_3_and_are_named(tmp_path: Path, files: list[str]) -> None:
    """The good lines go in, the others are in quarantine with their reason."""
    lines = Path(files[0]).read_text().splitlines()
    lines[3] = "x " + lines[3]
    lines[7] = lines[7].replace(lines[7].split()[5], "hot", 1)
    bad = tmp_path / "bad.txt"
    bad.write_text("\n".join(lines) + "\n")
    home = tmp_path / "var"
    told = document(home, "ingest", str(bad), "--fleet", "F", "--kind", "history", code=3)
    row = told["deliveries"][0]
    assert row["state"] == "accepted"
    assert (row["quarantined"], sum(row["reasons"].values())) == (2, 2)
    assert row["rows"] == row["accepted"] + row["quarantined"] == len(lines)


def test_a_rejected_file_does_not_stop_the_others(tmp_path: Path, files: list[str]) -> None:
    """One bad delivery, one good one, exit code 3."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "train_FD901.txt").write_text(Path(files[0]).read_text())
    whole = gzip.compress(Path(files[1]).read_bytes())
    (folder / "test_FD901.txt.gz").write_bytes(whole[: len(whole) // 2])
    told = document(tmp_path / "var", "ingest", str(folder), code=3)
    assert {row["kind"]: row["state"] for row in told["deliveries"]} == {
        "history": "accepted",
        "in_service": "rejected",
    }


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ingest", "nowhere.txt"), 2, "nowhere.txt"),
        (("retrain", "--set", "rounds=many"), 2, "rounds"),
        (("retrain", "--set", "colour=blue"), 2, "colour"),
        (("retrain", "--fleet", "Z"), 2, "'Z'"),
        (("engine", "F"), 2, "FLEET/ENGINE"),
        (("engine", "F/none"), 2, "F/none"),
        (("history", "gold/rush"), 2, "gold/rush"),
        (("run", "show", "../../etc"), 2, "no run"),
        (("report", "failure", "F/test-001@1", "--reason", "x"), 4, "cannot have failed"),
        (("--log-level", "loud", "runs"), 2, "loud"),
    ],
)
def test_wrong_use_says_what_is_wrong(
    home: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    """The exit code and a message that names the value."""
    done = quick(home, *words)
    assert done.exit_code == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_score_without_a_live_model_is_refused(tmp_path: Path, files: list[str]) -> None:
    """Exit code 4, and what to do."""
    home = tmp_path / "var"
    document(home, "ingest", files[1], "--fleet", "F", "--kind", "in_service")
    done = quick(home, "score")
    assert done.exit_code == 4
    assert "retrain" in done.stderr


def test_too_few_failures_succeed_without_a_model(tmp_path: Path, files: list[str]) -> None:
    """The run says so and changes nothing."""
    home = tmp_path / "var"
    document(home, "ingest", files[1], "--fleet", "F", "--kind", "in_service")
    told = document(home, "retrain", *FAST)
    assert (told["state"], told["blessed"]) == ("SUCCEEDED", False)
    assert told["reasons"][0].startswith("too_few_failures")


def test_a_prediction_is_traced_by_hand(home: Path) -> None:
    """Prediction, run, model and table versions name each other."""
    engine = document(home, "engine", "F/test-001")
    said = engine["prediction"]
    assert (engine["state"], said["origin"]) == ("in_service", "issued")
    assert said["window"]["from"] >= said["cycle"]
    run = document(home, "run", "show", said["run_id"])
    assert "gold/predictions" in run["writes"]
    model = document(home, "model", said["model_id"])
    assert (model["live"], model["blessed"]) == (True, True)
    versions = [row["version"] for row in document(home, "history", "silver/readings")]
    assert model["train_version"] in versions
    wrote = {row["version"]: row["run_id"] for row in document(home, "history", "gold/predictions")}
    assert wrote[run["writes"]["gold/predictions"]] == said["run_id"]


def test_an_earlier_cycle_is_backfill(home: Path) -> None:
    """What was said later of an earlier cycle is marked so."""
    told = document(home, "engine", "F/test-001@1")
    assert told["prediction"]["origin"] == "backfill"
    assert told["prediction"]["cycle"] == 1
    assert quick(home, "engine", "F/test-001@9999").exit_code == 2


def test_a_reported_failure_ends_service_and_can_be_taken_back(home: Path) -> None:
    """The word is in bronze; the engine's state follows."""
    last = document(home, "engine", "F/test-002")["cycles"]
    name = f"F/test-002@{last}"
    assert document(home, "report", "failure", name, "--reason", "stall")["state"] == "SUCCEEDED"
    assert document(home, "engine", "F/test-002")["state"] == "failed"
    document(home, "report", "retract", name, "--reason", "mistaken")
    assert document(home, "engine", "F/test-002")["state"] == "in_service"


def test_engines_and_models_are_lists(home: Path) -> None:
    """One document each, all engines of the fleet."""
    engines = document(home, "engines", "--fleet", "F")
    assert {row["state"] for row in engines} == {"in_service", "failed"}
    assert all(row["prediction"] for row in engines if row["state"] == "in_service")
    assert [row["live"] for row in document(home, "models")].count(True) == 1


def test_every_request_is_audited(home: Path) -> None:
    """Who asked for what stands in the chain, and the chain is whole."""
    log = AuditLog(home / "audit")
    asked = [(entry.actor, entry.action) for entry in log.entries()]
    assert all(actor.startswith("cli:") for actor, _ in asked)
    assert {"ingest", "retrain", "report"} <= {action for _, action in asked}
    assert log.verify().ok


def test_a_user_is_added_with_the_password_from_standard_input(tmp_path: Path) -> None:
    """No password in an argument or a log."""
    home = tmp_path / "var"
    done = stillwater(
        home, "user", "add", "ada", "--role", "admin", "--json", stdin="correct horse 7\n"
    )
    assert json.loads(done.stdout) == {"name": "ada", "role": "admin"}
    assert UserStore(home / "users.sqlite").verify("ada", "correct horse 7") is not None
    assert "correct horse" not in (home / "audit" / "audit.jsonl").read_text()
    again = stillwater(home, "user", "add", "ada", "--role", "admin", stdin="correct horse 7\n")
    assert again.returncode == 2
