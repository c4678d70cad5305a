"""What changed between two versions of a table: commits, schema, rows, engines, distributions."""

from lakehouse.diffs.diff import ChangedRow, TableDiff, apply, table_diff
from lakehouse.diffs.shifts import Shift
from lakehouse.row_diff import DiffError, LargeDiffError

__all__ = ["ChangedRow", "DiffError", "LargeDiffError", "Shift", "TableDiff", "apply", "table_diff"]
