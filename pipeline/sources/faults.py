"""What can be wrong with a delivery, and how much of one is read at most."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Reason codes of bronze/quarantine."""

    # A whole file that could not be read: counts 0.
    EMPTY = "empty"
    NOT_TEXT = "not_text"
    BROKEN_ARCHIVE = "broken_archive"
    UNSAFE_ARCHIVE = "unsafe_archive"
    BROKEN_FILE = "broken_file"
    TOO_LARGE = "too_large"
    CHANGED = "changed_while_read"
    # A whole file that could be read, but not used.
    MISSING_COLUMN = "missing_column"
    REPEATED_COLUMN = "repeated_column"
    NO_USABLE_LINE = "no_usable_line"
    TRUTH_LENGTH = "truth_length"
    TRUTH_ALONE = "truth_without_delivery"
    # One line.
    FIELD_COUNT = "wrong_field_count"
    LINE_TOO_LONG = "line_too_long"
    NOT_JSON = "not_json"
    NOT_A_NUMBER = "not_a_number"
    BAD_ENGINE = "bad_engine"
    BAD_CYCLE = "bad_cycle"
    BAD_REMAINING = "bad_remaining"
    OTHER_FLEET = "other_fleet"
    UNKNOWN_ENGINE = "unknown_engine"
    REPEATED_ENGINE = "repeated_engine"


@dataclass(frozen=True)
class Fault:
    """Why something was not taken: a code, and what is wrong and what was expected."""

    reason: Reason
    detail: str


@dataclass(frozen=True)
class Limits:
    """How much of one delivery is read at most; beyond it the delivery is rejected.

    Attributes:
        member_bytes: one file or archive member, uncompressed.
        ratio: uncompressed to compressed, where more than ``ratio_from`` bytes come out.
        ratio_from: smaller results may compress as well as they like.
        members: entries of an archive.
        line_bytes: one line of text that holds the right number of fields.
        columns: named columns.
        cells: rows times columns of a columnar file, as its footer declares them.
    """

    member_bytes: int = 2 << 30
    ratio: int = 200
    ratio_from: int = 16 << 20
    members: int = 10_000
    line_bytes: int = 1 << 20
    columns: int = 1_000
    cells: int = 1_000_000_000


LIMITS = Limits()


class SourceError(ValueError):
    """Wrong use: the message says which path or argument, and what to do."""


class UnreadableError(Exception):
    """A delivery that cannot be read as a whole."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.fault = Fault(reason, detail)
