"""Making a bundle: everything that there is about a prediction or a model, in one sealed file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import IO, Any

from lakehouse.bundle.archive import Archive
from lakehouse.bundle.checks import checks
from lakehouse.bundle.evidence import Evidence, Sources, gather
from lakehouse.bundle.parts import files, json_bytes
from lakehouse.bundle.report import report
from lakehouse.lineage import Node


@dataclass(frozen=True)
class Made:
    """A bundle that was made.

    Attributes:
        kind: prediction or model.
        name: what it is about.
        files: how many files it holds, without the manifest.
        left_out: what could not be had, and why.
        failed: what no longer says what was recorded.
    """

    kind: str
    name: str
    files: int
    left_out: Mapping[str, str]
    failed: tuple[str, ...]


def make_bundle(sources: Sources, name: str, target: IO[bytes]) -> Made:
    """Write all evidence of a prediction (``FLEET/ENGINE@CYCLE``) or a model (its id).

    The same content gives the same bytes.

    Args:
        sources: the home.
        name: what is to be proven.
        target: an empty file that can be read and sought.

    Raises:
        StartError: there is no such prediction or model.
        StoreError: the metadata store cannot be read.
    """
    evidence = gather(sources, name)
    looked = checks(sources, evidence)
    archive = Archive(target)
    for path, content in files(sources, evidence):
        archive.add(path, content)
    archive.add("subject.json", [json_bytes(subject(evidence))])
    archive.add("checks.json", [json_bytes([asdict(one) for one in looked])])
    archive.add("left_out.json", [json_bytes(evidence.left_out)])
    page = report(evidence, subject(evidence), looked, archive.files)
    archive.add("report.html", [page.encode("utf-8", "backslashreplace")])
    archive.close({"kind": evidence.kind, "name": evidence.name})
    failed = tuple(one.what for one in looked if one.ok is False)
    return Made(evidence.kind, evidence.name, len(archive.files), evidence.left_out, failed)


def subject(evidence: Evidence) -> dict[str, Any]:
    """What is proven, in one document: prediction, model, verdict and the versions used."""
    return {
        "kind": evidence.kind,
        "name": evidence.name,
        "fleet": evidence.fleet,
        "prediction": evidence.said,
        "model": _model(evidence),
        "rows_used": dict(evidence.rows),
        "deliveries": list(evidence.deliveries),
    }


def _model(evidence: Evidence) -> dict[str, Any] | None:
    model = evidence.model
    if model is None:
        return None
    judged, blessed = (evidence.about_model(f"Model{kind}") for kind in ("Evaluation", "Blessing"))
    pushed = evidence.about_model("PushedModel")
    known = dict(model.properties)
    return {
        **known,
        "parameters": json.loads(str(known.get("parameters", "{}"))),
        "metrics": json.loads(str(judged.properties.get("metrics", "{}"))) if judged else {},
        "blessed": bool(blessed.properties.get("blessed")) if blessed else None,
        "reasons": json.loads(str(blessed.properties.get("reasons", "[]"))) if blessed else [],
        "pushed_by": pushed.label if pushed else None,
        "trained_by": _maker(evidence, model),
    }


def _maker(evidence: Evidence, model: Node) -> dict[str, Any] | None:
    """The run that trained it, and who asked for that."""
    made = [evidence.graph.nodes[edge.source] for edge in evidence.graph.into(model.key)]
    step = min(made, key=lambda node: node.created, default=None)
    if step is None:
        return None
    told = ("who", "code_version", "seconds")
    return {"run_id": step.run, **{name: step.properties.get(name) for name in told}}
