"""Any table of text with named columns, read as TFDV reads one, and files in NASA's layout.

A CSV's types are those of TFDV's ``generate_statistics_from_csv`` (tfx_bsl's ``csv_decoder.py``):
of all values of a column the widest of int64, float32 and text; an empty field is missing; a line
without anything is none.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from lakehouse.profiles import turbofan
from pipeline.sources import archives, nasa
from pipeline.sources.faults import LIMITS, Limits, Reason, SourceError, UnreadableError
from pipeline.sources.text import Lines, Split, parse_row, split_blanks, split_separated

_SUFFIXES = (".csv", ".csv.gz")
# An ingest reads them in NASA's layout too, whatever their name.
_BLANKS = (".txt", ".txt.gz")


def tables(paths: Sequence[Path]) -> list[Path]:
    """The files themselves, and of a folder those that are tables by their names.

    Raises:
        SourceError: a path that is not there, or a folder without a table.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise SourceError(f"{path}: there is no such file or folder")
        inside = sorted(filter(_is_table, path.iterdir())) if path.is_dir() else [path]
        if not inside:
            raise SourceError(f"{path}: holds no .csv, .csv.gz or file named as NASA names its own")
        found += inside
    return found


def read_table(path: Path, limits: Limits = LIMITS) -> pl.DataFrame:
    """The rows of one file.

    Raises:
        UnreadableError: no table; the message names the file, and the line where it is one's fault.
    """
    try:
        lines = Lines(archives.content(path, limits=limits))
        named = nasa.named(path.name)
        if named is None and not path.name.endswith(_BLANKS):
            header, split = _separated(lines, limits)
        else:
            signals = turbofan.PROFILE.signal_names
            truth = named is not None and named.kind == "truth"
            header = ["remaining"] if truth else list(nasa.columns(signals))
            split = split_blanks(lines, _places(header), limits)
        _check(split)
    except UnreadableError as error:
        raise UnreadableError(error.fault.reason, f"{path}: {error.fault.detail}") from None
    except OSError as error:
        detail = f"{path}: {error.strerror or error}"
        raise UnreadableError(Reason.BROKEN_FILE, detail) from None
    columns = zip(_places(header), header, strict=True)
    return pl.DataFrame([_typed(split.fields[place]).alias(name) for place, name in columns])


def _is_table(path: Path) -> bool:
    named = path.name.endswith(_SUFFIXES) or nasa.named(path.name) is not None
    return named and path.is_file()


def _places(header: Sequence[str]) -> list[str]:
    """Names for the fields that no column can have taken."""
    return [f"field {index}" for index in range(len(header))]


def _separated(lines: Lines, limits: Limits) -> tuple[list[str], Split]:
    if not lines.content.strip():
        raise UnreadableError(Reason.EMPTY, "the file is empty")
    if not lines.is_text:
        raise UnreadableError(Reason.NOT_TEXT, "the file holds bytes that are no text (UTF-8)")
    header = parse_row(lines, 1, ",", limits)
    if len(header) > limits.columns:
        detail = f"line 1: {len(header):,} columns, at most {limits.columns:,} are read"
        raise UnreadableError(Reason.TOO_LARGE, detail)
    if twice := sorted({name for name in header if header.count(name) > 1}):
        detail = f"line 1: twice in the header: {', '.join(map(repr, twice))[:300]}"
        raise UnreadableError(Reason.REPEATED_COLUMN, detail)
    return header, split_separated(lines, _places(header), ",", limits)


def _check(split: Split) -> None:
    if not split.broken.height:
        return
    first = split.broken.sort("line").row(0, named=True)
    more = f" (and {split.broken.height - 1:,} more lines)" if split.broken.height > 1 else ""
    raise UnreadableError(
        Reason(first["reason"]), f"line {first['line']:,}: {first['detail']}{more}"
    )


def _typed(text: pl.Series) -> pl.Series:
    """Text as the narrowest type that holds all of its values."""
    if text.null_count() == len(text):
        return text
    bare = text.str.strip_chars()
    whole = bare.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return whole
    number = bare.cast(pl.Float64, strict=False)
    # A whole number beyond 64 bits is a name, not a quantity.
    too_long = whole.is_null() & bare.str.contains(r"^[+-]?\d+$")
    if number.null_count() == text.null_count() and not too_long.any():
        return number.cast(pl.Float32)
    return text
