"""The log as a file: lines that can be proven, and a table that a spreadsheet cannot run."""

import csv
import io
import json
from hashlib import sha256
from pathlib import Path

from lakehouse.audit import AuditLog, Event
from lakehouse.audit.files import chunks


def test_json_lines_are_the_log_itself_and_prove_themselves(tmp_path: Path) -> None:
    """Who has only the export can follow the chain with nothing but sha256 and JSON."""
    log = AuditLog(tmp_path)
    for number in range(3):
        log.append(Event("ada", "engineer", "limit", "FD001", before={"low": number}, after=[1, 2]))
    text = b"".join(chunks(log.read(), "jsonl"))
    assert text == (tmp_path / "audit.jsonl").read_bytes()
    prev = "0" * 64
    for line in text.splitlines():
        entry = json.loads(line)
        told = entry.pop("hash")
        plain = json.dumps(entry, sort_keys=True, separators=(",", ":"))
        assert (entry["prev"], told) == (prev, sha256(plain.encode()).hexdigest())
        prev = told


def test_csv_holds_every_value_and_runs_no_formula(tmp_path: Path) -> None:
    """Text that a spreadsheet would run gets an apostrophe; numbers and JSON stay as they are."""
    log = AuditLog(tmp_path)
    log.append(Event("ada", "engineer", "limit", '=cmd|" /C calc"!A0', reason="@SUM(1+1)"))
    log.append(Event("ada", "engineer", "limit", "Größe, \udc80", before={"low": 1}, after="+1"))
    text = b"".join(chunks(log.read(), "csv")).decode()
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["seq"], first["object"]) == ("1", '\'=cmd|" /C calc"!A0')
    assert (first["reason"], first["before"]) == ("'@SUM(1+1)", "")
    assert (second["object"], second["before"]) == ("Größe, \\udc80", '{"low": 1}')
    assert json.loads(second["after"]) == "+1"
    assert second["prev"] == first["hash"]


def test_an_empty_selection_is_a_head_without_rows() -> None:
    """A reader of tables still finds its columns."""
    head = b"".join(chunks([], "csv")).decode()
    assert head.startswith("seq,time,actor,role,action,object,outcome")
    assert b"".join(chunks([], "jsonl")) == b""
