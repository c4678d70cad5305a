"""Whether a table's log is whole: every commit there, readable and saying where it came from."""

from collections.abc import Iterator

from lakehouse.commits import BrokenLogError, DeltaLog, parse
from lakehouse.verify.finding import Finding


def log_findings(name: str, log: DeltaLog, newest: int | None) -> Iterator[Finding]:
    """Commits that are missing, empty or unreadable.

    Args:
        name: the table.
        log: its log.
        newest: the newest version that something else knows of, None where nothing does.
    """
    if not log.exists:
        if newest is not None:
            detail = f"snapshots tell of its version {newest}; it is gone"
            yield Finding("missing_table", f"lake/{name}", detail)
        return
    found = log.commit_files()
    last = max([*found, *log.checkpoints(), -1 if newest is None else newest])
    bases = log.checkpoints()
    # Commits expire from the front, up to a checkpoint that tells what they made.
    first = 0 if 0 in found or not bases else min(bases)
    for version in range(first, last + 1):
        if version not in found:
            yield Finding("missing_commit", f"{name}@{version}", "the log has no such commit")
    for version, file in found.items():
        try:
            commit = parse(version, file.read_bytes())
        except BrokenLogError as error:
            what = "empty_commit" if "is empty" in str(error) else "unreadable_commit"
            yield Finding(what, f"{name}@{version}", str(error))
            continue
        if not commit.has_info:
            detail = "it does not say where it came from (no commitInfo)"
            yield Finding("unreadable_commit", f"{name}@{version}", detail)


def count_findings(name: str, log: DeltaLog) -> Iterator[Finding]:
    """Versions whose noted row count is not the sum of what their files say they hold.

    Only where they begin to differ: every later version inherits the difference.
    """
    known = 0
    for commit, state in log.walk():
        noted = commit.entry.metadata.get("row_count")
        counted = [file.rows for file in state.files.values()]
        if noted is None or None in counted:
            continue
        total = sum(count for count in counted if count is not None)
        if total - noted not in (0, known):
            detail = f"{noted:,} rows were noted, its files say {total:,}"
            yield Finding("row_count", f"{name}@{commit.version}", detail)
        known = total - noted
