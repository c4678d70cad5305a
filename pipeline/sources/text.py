"""Lines of text into named fields: all good lines in one vectorised pass, bad ones set aside.

A record is one line, so that no stray quote or missing line break costs more than its own line.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.sources.faults import LIMITS, Limits, Reason, UnreadableError

RAW_CHARACTERS = 2_000
MARK = b"\xef\xbb\xbf"
BROKEN = {"line": pl.Int64, "reason": pl.String, "detail": pl.String}

_NEWLINE, _RETURN, _SPACE, _QUOTE = b'\n\r "'
_BLOCK = 64 << 20
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), 127)}


@dataclass(frozen=True)
class Split:
    """Lines with the right number of fields, and the others.

    Attributes:
        fields: ``line`` (from 1), then one text column a field; null where it is empty.
        broken: ``line``, ``reason``, ``detail`` of the lines that are not among them.
    """

    fields: pl.DataFrame
    broken: pl.DataFrame


class Lines:
    """A text by its lines, counted from 1."""

    def __init__(self, content: bytes) -> None:
        self.content = content.removeprefix(MARK)
        self.bytes: NDArray[np.uint8] = np.frombuffer(self.content, np.uint8)
        ends = np.flatnonzero(self.bytes == _NEWLINE)
        if self.content and not self.content.endswith(b"\n"):
            ends = np.append(ends, len(self.content))
        self.ends: NDArray[np.int64] = ends
        self.starts: NDArray[np.int64] = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]

    def __len__(self) -> int:
        return len(self.ends)

    def peek(self, line: int, size: int = RAW_CHARACTERS) -> str:
        """The first ``size`` characters of a line; what cannot be shown is escaped."""
        start, end = int(self.starts[line - 1]), int(self.ends[line - 1])
        head = self.content[start : min(end, start + 4 * size)].rstrip(b"\r")
        return head.decode("utf-8", "backslashreplace").translate(_CONTROL)[:size]

    @cached_property
    def is_text(self) -> bool:
        """Whether the whole content is UTF-8 without control characters."""
        control = (self.bytes < _SPACE) & ((self.bytes < 9) | (self.bytes > 13))
        if control.any():
            return False
        try:
            self.content.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return True

    def blocks(self, first: int = 1) -> Iterator[tuple[int, int]]:
        """Ranges of line indices (from 0, end exclusive) of about 64 MiB each."""
        start = first - 1
        while start < len(self):
            reach = self.starts[start] + _BLOCK
            end = max(int(np.searchsorted(self.ends, reach)), start + 1)
            yield start, end
            start = end


def split_blanks(lines: Lines, names: Sequence[str], limits: Limits = LIMITS) -> Split:
    """Fields between runs of white space, as in NASA's files; lines without any are skipped."""
    return _joined([_blank_block(lines, block, names, limits) for block in lines.blocks()], names)


def split_separated(
    lines: Lines, names: Sequence[str], separator: str, limits: Limits = LIMITS
) -> Split:
    """Fields between ``separator`` from the second line on, quoted where they hold one."""
    blocks = lines.blocks(first=2)
    return _joined([_row_block(lines, b, names, separator, limits) for b in blocks], names)


def _joined(parts: list[Split], names: Sequence[str]) -> Split:
    empty = pl.DataFrame(schema={"line": pl.Int64, **dict.fromkeys(names, pl.String)})
    return Split(
        pl.concat([part.fields for part in parts] or [empty]),
        pl.concat([part.broken for part in parts] or [pl.DataFrame(schema=BROKEN)]),
    )


@dataclass(frozen=True)
class _Block:
    """Some lines: their numbers, how many fields each has, and their cleaned-up bytes."""

    numbers: NDArray[np.int64]
    counts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    data: NDArray[np.uint8]
    keep: NDArray[np.bool_]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Bytes of each line with its line break."""
        return self.sizes + 1


def _blank_block(
    lines: Lines, block: tuple[int, int], names: Sequence[str], limits: Limits
) -> Split:
    numbers, data, ends = _cut(lines, block)
    gap = (data == _SPACE) | ((data >= 9) & (data <= 13))
    follows_gap = np.concatenate([[True], gap[:-1]])
    heads = np.flatnonzero(~gap & follows_gap)
    counts = np.diff(np.searchsorted(heads, ends), prepend=0)
    newline = data == _NEWLINE
    # One blank before each field but a line's first, every newline, nothing else of the gaps.
    keep = ~gap | newline
    inner = np.zeros(len(heads), bool)
    inner[1:] = np.diff(np.searchsorted(ends, heads)) == 0
    keep[heads[inner] - 1] = True
    shown = np.where(gap & ~newline, np.uint8(_SPACE), data)
    sizes = np.diff(ends, prepend=-1) - 1
    return _sorted_out(_Block(numbers, counts, sizes, shown, keep), names, " ", limits)


def _row_block(
    lines: Lines, block: tuple[int, int], names: Sequence[str], separator: str, limits: Limits
) -> Split:
    numbers, data, ends = _cut(lines, block)
    sizes = np.diff(ends, prepend=-1) - 1
    blank = _per_line(data > _SPACE, ends) == 0
    commas = _per_line(data == ord(separator), ends)
    counts = np.where(blank & (commas == 0), 0, commas + 1)
    quoted = _per_line(data == _QUOTE, ends) > 0
    keep = data != _RETURN
    plain = np.where(quoted, 0, counts)
    split = _sorted_out(_Block(numbers, plain, sizes, data, keep), names, separator, limits)
    if not quoted.any():
        return split
    extra = _quoted(lines, numbers[quoted], names, separator, limits)
    fields = pl.concat([split.fields, extra.fields]).sort("line")
    return Split(fields, pl.concat([split.broken, extra.broken]))


def _cut(
    lines: Lines, block: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    first, end = block
    start, stop = int(lines.starts[first]), int(lines.ends[end - 1]) + 1
    data = lines.bytes[start:stop]
    if stop > len(lines.bytes):
        data = np.append(data, np.uint8(_NEWLINE))
    return np.arange(first + 1, end + 1), data, lines.ends[first:end] - start


def _per_line(mask: NDArray[np.bool_], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.diff(np.searchsorted(np.flatnonzero(mask), ends), prepend=0)


def _sorted_out(block: _Block, names: Sequence[str], separator: str, limits: Limits) -> Split:
    right = block.counts == len(names)
    long = right & (block.sizes > limits.line_bytes)
    good = right & ~long
    keep = block.keep if good.all() else block.keep & np.repeat(good, block.lengths)
    schema = dict.fromkeys(names, pl.String)
    fields = pl.DataFrame(schema=schema)
    if good.any():
        fields = pl.read_csv(
            block.data[keep].tobytes(),
            separator=separator,
            has_header=False,
            schema=schema,
            quote_char=None,
            encoding="utf8-lossy",
        )
    numbers = pl.Series("line", block.numbers[good], pl.Int64)
    wrong = (block.counts > 0) & ~right
    return Split(
        fields.insert_column(0, numbers),
        pl.concat([_miscounted(block, wrong, len(names)), _overlong(block, long, limits)]),
    )


def _miscounted(block: _Block, wrong: NDArray[np.bool_], expected: int) -> pl.DataFrame:
    details = [f"{expected} fields expected, {n:,} found" for n in block.counts[wrong].tolist()]
    return broken(block.numbers[wrong].tolist(), Reason.FIELD_COUNT, details)


def _overlong(block: _Block, long: NDArray[np.bool_], limits: Limits) -> pl.DataFrame:
    details = [
        f"a line of {size:,} bytes, at most {limits.line_bytes:,} are read"
        for size in block.sizes[long].tolist()
    ]
    return broken(block.numbers[long].tolist(), Reason.LINE_TOO_LONG, details)


def broken(lines: Sequence[int], reason: Reason, details: Sequence[str]) -> pl.DataFrame:
    """Rows of :attr:`Split.broken`."""
    columns = {"line": lines, "reason": [reason.value] * len(lines), "detail": details}
    return pl.DataFrame(columns, schema=BROKEN)


def _quoted(
    lines: Lines, numbers: NDArray[np.int64], names: Sequence[str], sep: str, limits: Limits
) -> Split:
    rows: list[list[str | int | None]] = []
    wrong: list[tuple[int, str, str]] = []
    for line in numbers.tolist():
        try:
            fields = parse_row(lines, line, sep, limits)
        except UnreadableError as error:
            wrong.append((line, error.fault.reason.value, error.fault.detail))
            continue
        if len(fields) == len(names):
            rows.append([line, *(field or None for field in fields)])
        else:
            detail = f"{len(names)} fields expected, {len(fields):,} found"
            wrong.append((line, Reason.FIELD_COUNT.value, detail))
    schema = {"line": pl.Int64, **dict.fromkeys(names, pl.String)}
    return Split(
        pl.DataFrame(rows, schema=schema, orient="row"),
        pl.DataFrame(wrong, schema=BROKEN, orient="row"),
    )


def parse_row(lines: Lines, line: int, separator: str, limits: Limits = LIMITS) -> list[str]:
    """Fields of one line that may hold quotes.

    Raises:
        UnreadableError: the line is too long, or its quotes do not fit.
    """
    start, end = int(lines.starts[line - 1]), int(lines.ends[line - 1])
    if end - start > limits.line_bytes:
        raise UnreadableError(
            Reason.LINE_TOO_LONG,
            f"a line of {end - start:,} bytes, at most {limits.line_bytes:,} are read",
        )
    text = lines.content[start:end].decode("utf-8", "replace").replace("\0", "\ufffd")
    try:
        return next(csv.reader(io.StringIO(text), delimiter=separator, strict=True), [])
    except csv.Error as error:
        raise UnreadableError(Reason.FIELD_COUNT, f"quotes do not fit: {error}") from None
