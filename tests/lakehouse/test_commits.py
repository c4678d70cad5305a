"""Commits of a Delta log as the JSON that they are."""

import pytest

from lakehouse.commits import BrokenLogError, parse


@pytest.mark.parametrize(
    "line",
    [
        b"", b"3", b"{", b'{"add":[]}', b'{"add":{}}', b'{"remove":3}', b'{"metaData":{}}',
        b'{"commitInfo":{"timestamp":null}}',
        b'{"commitInfo":{"timestamp":1,"userMetadata":5}}',
    ],
)  # fmt: skip
def test_whatever_is_no_commit_is_said_with_its_version(line: bytes) -> None:
    """JSON that is whole, too, when it is of another shape."""
    with pytest.raises(BrokenLogError) as told:
        parse(7, line)
    assert told.value.version == 7


def test_a_note_that_is_not_ours_is_none() -> None:
    """Other writers note what they like."""
    commit = parse(7, b'{"commitInfo":{"timestamp":1,"userMetadata":"from the bench"}}')
    assert (commit.version, dict(commit.entry.metadata)) == (7, {})
