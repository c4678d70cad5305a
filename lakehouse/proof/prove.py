"""Proofs of issued predictions: of one, and of a random sample that shares its work."""

import random
from collections.abc import Iterator
from typing import Any

import narwhals as nw
import polars as pl
from polars.exceptions import PanicException

from lakehouse.corrections import outdated_by
from lakehouse.proof.chain import Chain, Finding, Link, Said, broken, link, told_once
from lakehouse.proof.data import data_links
from lakehouse.proof.evidence import Evidence, collected
from lakehouse.proof.model import model_links
from lakehouse.proof.origin import origin
from lakehouse.tables import PREDICTIONS

KEY = ["fleet", "engine", "cycle", "predicted_at", "model_id", "input_digest"]


class NoPredictionError(LookupError):
    """Nothing was issued there; the message says of what."""


class ChangedPredictionsError(NoPredictionError):
    """The predictions were changed, so that it cannot be told what was issued.

    Attributes:
        link: the red link that names the files.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(f"{PREDICTIONS.name} was changed: {link.reason}")
        self.link = link


def find(evidence: Evidence, engine: tuple[str, str], cycle: int, run_id: str = "") -> Said:
    """The newest prediction that was issued for an engine's cycle, or that of one run.

    Raises:
        NoPredictionError: there is none.
        ChangedPredictionsError: the table was changed, so that there is none, or it cannot be read.
    """
    where = [nw.col("fleet") == engine[0], nw.col("engine") == engine[1], nw.col("cycle") == cycle]
    if run_id:
        where.append(nw.col("run_id") == run_id)
    rows = _issued(evidence, *where)
    name = f"{engine[0]}/{engine[1]}@{cycle}"
    if rows.is_empty():
        _raise_changed(evidence)
        of = f" by {run_id}" if run_id else ""
        raise NoPredictionError(f"nothing was issued of {name}{of}")
    return _said(evidence, rows.sort("predicted_at").tail(1))


def draw(evidence: Evidence, count: int, seed: int) -> tuple[list[Said], int]:
    """A random sample of the issued predictions, and of how many it was drawn.

    The same seed draws the same from the same predictions.

    Raises:
        ChangedPredictionsError: the table was changed and cannot be read.
    """
    rows = _issued(evidence).sort(KEY)
    chosen = random.Random(seed).sample(range(rows.height), min(count, rows.height))  # noqa: S311
    return [_said(evidence, rows[at]) for at in sorted(chosen)], rows.height


def prove(evidence: Evidence, said: Said) -> Chain:
    """The chain of one prediction, each link looked at as it is now."""
    return Chain(said, told_once(_links(evidence, said)))


def _links(evidence: Evidence, said: Said) -> Iterator[Link]:
    found = origin(evidence, said)
    yield from data_links(evidence, found)
    yield from model_links(evidence, found)
    yield link("books", "Book-keeping", (), evidence.versions.books)
    yield link("audit", "Audit log", (), evidence.audit())


def _issued(evidence: Evidence, *where: Any) -> pl.DataFrame:
    try:
        rows = evidence.pinned.scan(PREDICTIONS.name)
        return collected(rows.filter(*where) if where else rows)
    # A file that polars cannot read ends in a panic, which is no Exception.
    except (Exception, PanicException) as error:
        _raise_changed(evidence)
        # Its files are as they were written, so it is their log that no reader understands.
        at = f"{PREDICTIONS.name}@{evidence.pinned.version(PREDICTIONS.name)}"
        finding = broken(at, f"it cannot be read: {str(error).partition(chr(10))[0]}")
        raise ChangedPredictionsError(link("prediction", "What was said", (), finding)) from error


def _raise_changed(evidence: Evidence) -> None:
    """Raise ChangedPredictionsError where a file of the predictions is not what was written."""
    version = evidence.pinned.version(PREDICTIONS.name)
    finding = Finding() if version is None else evidence.versions.check(PREDICTIONS.name, version)
    if finding.faults:
        raise ChangedPredictionsError(link("prediction", "What was said", (), finding))


def _said(evidence: Evidence, row: pl.DataFrame) -> Said:
    values = row.row(0, named=True)
    engine = (str(values["fleet"]), str(values["engine"]))
    try:
        by = outdated_by(evidence.pinned, evidence.profile, engine, row)[0]
    except (Exception, PanicException):  # what it needs is broken; its links say so
        by = ()
    return Said.of(values | {"outdated_by": by})
