"""What verification finds."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is not as it was left.

    Attributes:
        what: a code: changed_file, missing_file, missing_table, empty_commit, missing_commit,
            unreadable_commit, changed_commit, checkpoint, row_count, content, changed_artifact,
            missing_artifact, store, unrecorded_step, unknown_run, disagreement or audit.
        where: what it is about, relative to the home: a file, ``<table>@<version>``, a step.
        detail: what is wrong with it, in words.
    """

    what: str
    where: str
    detail: str
