"""Versions of tables in words."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.components.run_facts import size
from app.components.table_words import (
    changes,
    gone_words,
    kept_sentence,
    operation_words,
    ranges_words,
    readable_words,
    run_link,
)
from lakehouse.history import VersionFacts
from tests.app.components.test_shell import words

TIME = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FACTS = VersionFacts(
    version=3, time=TIME, operation="WRITE", run_id="ingest-20261123T040000-abc123", node="Clean",
    who="ada", inputs={}, rows=100, rows_added=10, rows_updated=0, rows_removed=0, files=2,
    files_added=1, files_removed=0, bytes=900, bytes_added=400, bytes_removed=0, fields={},
)  # fmt: skip


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, "+10"),
        ({"rows_updated": 3, "rows_removed": 7}, "+7~3−4"),
        ({"rows_added": 0, "rows_removed": 1200}, "−1,200"),
        ({"rows_added": 0, "moved_only": True}, "moved"),
        ({"rows_added": 0}, "0"),
    ],
)
def test_a_change_of_rows_counts_each_row_once(more: dict[str, Any], shown: str) -> None:
    """An updated row is neither among the added nor among the removed."""
    assert words(changes(replace(FACTS, **more))) == shown


def test_an_operation_names_its_component_once() -> None:
    assert operation_words(FACTS) == "write · Clean"
    made = replace(FACTS, operation="CREATE TABLE", node="create")
    assert operation_words(made) == "create table"


def test_a_run_is_named_by_kind_and_suffix() -> None:
    link: Any = run_link(FACTS.run_id)
    assert (words(link), link.href) == ("ingest abc123", f"/runs/{FACTS.run_id}")
    assert words(run_link("run-x")) == "run x"
    assert run_link(None) == "—"


@pytest.mark.parametrize(
    ("more", "short", "sentence"),
    [
        ({}, "yes", "no later version has replaced any of its files"),
        ({"kept_until": TIME}, "until 2026-11-23", "until 2026-11-23 04:00 UTC at least"),
        ({"pinned_by": ("m-1",)}, "pinned", "maintenance keeps it: m-1 learnt from it"),
        ({"missing": 1}, "gone", "1 of its 2 data files is gone"),
        ({"missing": 2, "pinned_by": ("m-1",)}, "▲ lost", "data files are gone. m-1 learnt"),
    ],
)
def test_whether_a_version_can_be_read_and_why(
    more: dict[str, Any], short: str, sentence: str
) -> None:
    facts = replace(FACTS, **more)
    assert readable_words(facts) == short
    assert sentence in kept_sentence(facts, is_newest=False, is_snapshot=False)


def test_the_newest_and_the_snapshots_are_kept() -> None:
    due = replace(FACTS, kept_until=TIME)
    assert "the newest version" in kept_sentence(due, is_newest=True, is_snapshot=True)
    assert "the newest snapshot names it" in kept_sentence(due, is_newest=False, is_snapshot=True)


def test_files_and_ranges_are_counted_in_words() -> None:
    assert gone_words(replace(FACTS, missing=1, files=1)) == "its data file is gone"
    assert ranges_words([(6, 11), (0, 0)]) == "v6 to v11, v0"
    many = [(number, number) for number in range(40, 0, -2)]
    assert ranges_words(many).endswith("v26, and 12 stretches before")
    assert [size(n) for n in (999, 34_500, 2_100_000, 1_400_000_000)] == [
        "999 B", "34.5 kB", "2.1 MB", "1.4 GB",
    ]  # fmt: skip
