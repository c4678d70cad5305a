"""What was looked at again when the bundle was made: does it still say what was recorded?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import polars as pl
from polars.exceptions import PanicException

from lakehouse.artifacts import check, manifest_sha256
from lakehouse.bundle.evidence import Evidence, Sources, reason
from lakehouse.digests import chained_digests
from lakehouse.lake import Lake
from lakehouse.lineage.graph import table_version
from lakehouse.tables import SILVER


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and what came of it; ``ok`` is None where it could not be."""

    what: str
    ok: bool | None
    detail: str


def checks(sources: Sources, evidence: Evidence) -> tuple[Check, ...]:
    """Everything that can be looked at again."""
    asked: list[tuple[str, Callable[[], Check]]] = []
    if evidence.model is not None:
        asked.append(("model files", lambda: _model(sources, evidence)))
    if evidence.said is not None and evidence.said["origin"] == "issued":
        asked.append(("rows used", lambda: _rows(sources, evidence)))
    found = [_asked(what, ask, ok=False) for what, ask in asked]
    return (*found, *_versions(sources, evidence))


def _asked(what: str, ask: Callable[[], Check], ok: bool | None = None) -> Check:
    """What came of it; ``ok`` where it could not be looked at."""
    try:
        return ask()
    # A file that polars cannot read ends in a panic, which is no Exception.
    except (Exception, PanicException) as error:
        return Check(what, ok, reason(error))


def _model(sources: Sources, evidence: Evidence) -> Check:
    """Whether the model's files hash to what was recorded when it was trained."""
    assert evidence.model is not None  # noqa: S101  (asked only when there is one)
    folder = sources.settings.home / evidence.model.uri

    recorded = str(evidence.model.properties["sha256"])
    same = manifest_sha256(check(folder)) == recorded
    detail = f"sha256 {recorded}" if same else "its files are not the model that was recorded"
    return Check("model files", same, detail)


def _rows(sources: Sources, evidence: Evidence) -> Check:
    """Whether the engine's rows are those that the prediction was made from."""
    assert evidence.said is not None  # noqa: S101  (asked only when there is one)
    rows = evidence.used(sources, SILVER.name).collect()
    digests = chained_digests(rows, sources.profile)
    cycle, recorded = evidence.said["cycle"], evidence.said["input_digest"]
    found = digests.filter(pl.col("cycle") == cycle)["input_digest"].to_list()
    same = found == [recorded]
    detail = f"input digest {recorded}" if same else f"they hash to {found}, not to {recorded}"
    return Check("rows used", same, detail)


def _versions(sources: Sources, evidence: Evidence) -> Iterator[Check]:
    """Whether log and metadata store say the same of the content of each table version."""
    for node in evidence.graph.nodes.values():
        version = table_version(node)
        if version is not None:
            recorded = str(node.properties.get("content_sha256", ""))
            yield _asked(node.label, partial(_content, sources.lake, version, recorded))


def _content(lake: Lake, at: tuple[str, int], recorded: str) -> Check:
    noted = lake.content(*at).sha256
    same = noted == recorded
    detail = f"content {recorded}" if same else f"the log says {noted}, the store {recorded}"
    return Check(f"{at[0]}@{at[1]}", same, detail)
