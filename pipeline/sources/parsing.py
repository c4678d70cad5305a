"""One delivery into typed records and quarantine: the table "one fault, one place" at the door."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from lakehouse.profiles import Profile
from pipeline.sources import named, nasa
from pipeline.sources.delivered import Delivered
from pipeline.sources.faults import LIMITS, Fault, Limits, Reason, UnreadableError
from pipeline.sources.records import QUARANTINE, Fields, Parsed, readings, remainders
from pipeline.sources.text import MARK, Lines, split_blanks


def parse(delivered: Delivered, profile: Profile, limits: Limits = LIMITS) -> Parsed:
    """Read one delivery.

    Never raises for what the file holds: a file that is of no use comes back ``rejected``, with
    no records, and with its lines in quarantine when lines could be told apart.
    """
    try:
        content = delivered.read(limits)
        fields = _fields(content, delivered, profile, limits)
        if delivered.kind == "truth":
            parsed = remainders(fields, delivered)
        else:
            parsed = readings(fields, delivered, profile)
    except UnreadableError as error:
        return _rejected(error.fault)
    return parsed if parsed.records.height else _useless(parsed, content, delivered)


def _fields(content: bytes, delivered: Delivered, profile: Profile, limits: Limits) -> Fields:
    if not content.removeprefix(MARK).strip():
        raise UnreadableError(Reason.EMPTY, "the file is empty")
    is_truth = delivered.kind == "truth"
    if delivered.layout == "numbered":
        columns = ("remaining",) if is_truth else nasa.columns(profile.signal_names)
        return _numbered(content, columns, limits)
    required = ("remaining",) if is_truth else ("engine", "cycle", *profile.signal_names)
    try:
        return _READERS[delivered.layout](content, required, limits)
    except UnreadableError as error:
        if delivered.layout != "parquet" and not Lines(content).is_text:
            raise UnreadableError(Reason.NOT_TEXT, _NOT_TEXT) from None
        raise error


_READERS = {
    "separated": named.separated,
    "json_lines": named.json_lines,
    "parquet": named.parquet,
}
_NOT_TEXT = "the file holds bytes that are no text (UTF-8)"


def _numbered(content: bytes, columns: Sequence[str], limits: Limits) -> Fields:
    lines = Lines(content)
    split = split_blanks(lines, columns, limits)

    def peek(line: int) -> tuple[str | None, str | None]:
        engine, cycle, *_ = (*lines.peek(line).split(maxsplit=2), None, None)
        return engine, cycle

    return Fields(split.fields, split.broken, lines.peek, peek)


def _useless(parsed: Parsed, content: bytes, delivered: Delivered) -> Parsed:
    if delivered.layout != "parquet" and not Lines(content).is_text:
        return _rejected(Fault(Reason.NOT_TEXT, _NOT_TEXT))
    reasons = ", ".join(sorted(set(parsed.quarantine["reason"])))
    detail = f"no line could be used ({reasons or 'there is none'})"
    return replace(parsed, rejected=Fault(Reason.NO_USABLE_LINE, detail))


def _rejected(fault: Fault) -> Parsed:
    empty = pl.DataFrame(schema={"line": pl.Int64, "engine": pl.String, "cycle": pl.Int64})
    return Parsed(empty, pl.DataFrame(schema=QUARANTINE), fault)
