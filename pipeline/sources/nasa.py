"""NASA's own files: what their names say, and their layout of numbers between blanks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.sources.delivered import Kind

_NAME = re.compile(
    r"(?P<set>train|test|final_test|RUL)(?P<fleet>_FD\d+)?(?:_5digits|_truncated)?\.txt(?:\.gz)?"
)
_CHALLENGE = "PHM08"
_SETS: dict[str, tuple[Kind, str]] = {
    "train": ("history", "train"),
    "test": ("in_service", "test"),
    "final_test": ("in_service", "final"),
    "RUL": ("truth", "test"),
}
_PREFIXES = {"history": "train", "in_service": "test", "truth": "test"}


@dataclass(frozen=True)
class Named:
    """What one of NASA's names says."""

    fleet: str
    kind: Kind
    prefix: str


def named(name: str) -> Named | None:
    """Fleet, kind and engine prefix of a file by its name; None when it is not NASA's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    kind, prefix = _SETS[match["set"]]
    return Named((match["fleet"] or f"_{_CHALLENGE}")[1:], kind, prefix)


def prefix_of(kind: str) -> str:
    """Engine prefix of a file in NASA's layout that has another name."""
    return _PREFIXES[kind]


def belongs(truth: str, in_service: str) -> bool:
    """Whether NASA's names pair a truth file with an in-service file (RUL_FD001, test_FD001)."""
    left, right = named(truth), named(in_service)
    return (
        left is not None
        and right is not None
        and (left.kind, right.kind) == ("truth", "in_service")
        and (left.fleet, left.prefix) == (right.fleet, right.prefix)
    )


def engine_name(prefix: str, number: int) -> str:
    """Name of the engine with that number in its set: ``train-001``, ``train-1000``."""
    return f"{prefix}-{number:03d}"


def columns(signals: Sequence[str]) -> tuple[str, ...]:
    """The layout's columns in file order: engine number, cycle, settings, sensors."""
    return ("engine", "cycle", *signals)
