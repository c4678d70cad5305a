"""What changed between two versions of a table: commits, schema, rows, engines, distributions."""

from lakehouse.diffs.diff import ChangedRow, TableDiff, apply, table_diff
from lakehouse.diffs.rows import DiffError, LargeDiffError
from lakehouse.diffs.shifts import Shift

__all__ = ["ChangedRow", "DiffError", "LargeDiffError", "Shift", "TableDiff", "apply", "table_diff"]
