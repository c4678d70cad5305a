"""Whether a log's checkpoints say what its commits say: readers start from them."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from polars.exceptions import PanicException

from lakehouse.commits import DeltaLog, State
from lakehouse.verify.files import CHANGED, is_changed
from lakehouse.verify.finding import Finding

_LAST = "_last_checkpoint"


def checkpoint_findings(
    name: str, log: DeltaLog, hashes: Mapping[str, str], *, sound: bool
) -> Iterator[Finding]:
    """Checkpoints that are not what was written, or that differ from the commits.

    Args:
        name: the table.
        log: its log, without a gap.
        hashes: path to the sha256 that was noted, of those that were.
        sound: no commit is known to have changed, so that they can be held against them.
    """
    known = log.checkpoints()
    told: dict[int, State] = {}
    for version, parts in known.items():
        changed = [file.name for file in parts if is_changed(log, file, hashes)]
        if changed:
            yield _wrong(name, changed[0], CHANGED)
            continue
        try:
            told[version] = log.checkpoint(version)
        # A file that polars cannot read ends in a panic, which is no Exception.
        except (Exception, PanicException) as error:
            yield _wrong(name, parts[0].name, f"it cannot be read: {error}"[:500])
    # Where the first commits have expired, the oldest checkpoint stands in their place.
    if sound and (0 in log.commit_files() or min(known, default=-1) in told):
        for commit, state in log.walk():
            found = told.get(commit.version)
            if found is not None and _said(found) != _said(state):
                detail = "it does not say what the commits up to it say"
                yield _wrong(name, known[commit.version][0].name, detail)
    yield from _last(name, log.path / "_delta_log" / _LAST, known.keys())


def _last(name: str, file: Path, known: Collection[int]) -> Iterator[Finding]:
    if not file.is_file():
        return
    try:
        version = int(json.loads(file.read_bytes())["version"])
    except (ValueError, TypeError, KeyError) as error:
        yield _wrong(name, _LAST, f"it cannot be read: {error!r}")
        return
    if version not in known:
        yield _wrong(name, _LAST, f"it names the checkpoint of version {version}, which is gone")


def _said(state: State) -> object:
    return {path: file.bytes for path, file in state.files.items()}, state.fields


def _wrong(name: str, file: str, detail: str) -> Finding:
    return Finding("checkpoint", f"lake/{name}/_delta_log/{file}", detail)
