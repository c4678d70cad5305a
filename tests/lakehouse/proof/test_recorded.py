"""Whether the audit log names who a run's record names."""

from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.audit import FIRST_START
from lakehouse.proof.chain import Finding, broken
from lakehouse.proof.recorded import as_asked


def asked(who: str, named: set[str], log: Finding | None = None) -> Finding:
    evidence: Any = SimpleNamespace(
        audit=lambda: log or Finding(), askers=lambda _: frozenset(named)
    )
    run: Any = SimpleNamespace(run_id="r", who=who)
    return as_asked(evidence, run)


@pytest.mark.parametrize(
    ("who", "named", "red"),
    [
        ("anna", {"anna"}, False),
        ("anna", {"anna", "erik"}, False),
        ("anna", {"erik"}, True),
        ("anna", set(), False),
        (FIRST_START, {"cli:root"}, False),
    ],
)
def test_the_log_names_who_asked(who: str, named: set[str], red: bool) -> None:
    """What a home begins with is asked for by nobody in person; older logs do not join all runs."""
    assert bool(asked(who, named).faults) is red


def test_a_broken_log_is_told_by_its_own_link() -> None:
    assert not asked("anna", {"erik"}, broken("audit", "edited")).faults
