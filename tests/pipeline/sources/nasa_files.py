"""Made-up records in NASA's layout, and the same with named columns."""

from collections.abc import Callable

from lakehouse.profiles.turbofan import PROFILE
from pipeline.sources.delivered import Delivered
from pipeline.sources.records import Parsed

SIGNALS = PROFILE.signal_names
Give = Callable[..., Delivered]


def record(engine: object, cycle: object, first: object = 10.5) -> list[str]:
    """The 26 fields of one flight; ``first`` is its first setting."""
    values = [0.25 * i for i in range(1, len(SIGNALS))]
    return [str(field) for field in (engine, cycle, first, *values)]


def nasa_line(engine: object, cycle: object, first: object = 10.5) -> str:
    """One line as NASA writes it, with its two trailing blanks."""
    return " ".join(record(engine, cycle, first)) + "  "


def nasa_text(lengths: list[int]) -> str:
    """A whole file: engine i has ``lengths[i - 1]`` cycles."""
    lines = [
        nasa_line(engine, cycle, engine + cycle / 1000)
        for engine, length in enumerate(lengths, 1)
        for cycle in range(1, length + 1)
    ]
    return "\n".join(lines) + "\n"


def with_line(text: str, number: int, line: str) -> str:
    """A text with another line in the place of line ``number``."""
    lines = text.splitlines()
    return "\n".join([*lines[: number - 1], line, *lines[number:]]) + "\n"


def as_csv(text: str, separator: str = ",") -> str:
    """The records of NASA's layout with named columns."""
    rows = [line.split() for line in text.splitlines()]
    header = separator.join(("engine", "cycle", *SIGNALS))
    return "\n".join([header, *(separator.join(row) for row in rows)]) + "\n"


def reasons(parsed: Parsed) -> dict[int, str]:
    """Line to reason code of the quarantine."""
    return dict(parsed.quarantine.select("line", "reason").iter_rows())
