"""Whether ML Metadata says of a model what published files and the audit log say.

A record can be edited without a trace. The files are hashed, those of a model to its name, and the
audit log is a chain.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lakehouse.artifacts import PROMOTION
from lakehouse.audit import FIRST_START
from lakehouse.pins import made_by
from lakehouse.proof.chain import Finding, broken, sound
from lakehouse.proof.evidence import Evidence
from lakehouse.records import Artifact
from lakehouse.runs import Run
from lakehouse.tables import SILVER

VERDICTS = ("BLESSED", "NOT_BLESSED")


def model_as_recorded(evidence: Evidence, model: Artifact) -> Finding:
    """Whether its files are those that its name and ML Metadata mean."""
    finding, noted = evidence.folder(model), model.files_sha256
    if finding.faults:
        return finding
    if not model.name.endswith(noted[:8]) or model.properties["sha256"] != noted:
        return broken(model.uri, f"its files hash to {noted[:12]}…, which is another model's")
    return finding + sound(f"its files hash to {noted[:12]}…, as ML Metadata recorded")


def parameters_as_published(evidence: Evidence, model: Artifact) -> Finding:
    """The parameters that it was trained with, and the version that it learnt from."""
    file = evidence.settings.home / model.uri / "model.json"
    told = _read(file)
    if told is None:  # its own link says so
        return Finding()
    where = f"{model.uri}/{file.name}"
    if told.get("parameters") != json.loads(str(model.properties["parameters"])):
        return broken(where, "ML Metadata recorded other parameters")
    version, read = int(model.properties["silver_version"]), _silver_read(evidence, model)
    if read and version not in read:
        named = ", ".join(map(str, sorted(read)))
        detail = f"the model is recorded to have learnt from it, its steps read version {named}"
        return broken(f"{SILVER.name}@{version}", detail)
    return sound("its parameters are those that ML Metadata recorded")


def verdict_as_published(evidence: Evidence, blessing: Artifact, reasons: Sequence[str]) -> Finding:
    """The gate's verdict and its reasons; older verdicts were published without reasons."""
    folder = evidence.settings.home / blessing.uri
    recorded = VERDICTS[0 if blessing.properties["blessed"] else 1]
    found = [name for name in VERDICTS if (folder / name).is_file()]
    if found != [recorded]:
        said = " and ".join(found) or "nothing"
        return broken(blessing.uri, f"ML Metadata recorded {recorded}, published was {said}")
    text = (folder / recorded).read_text()
    if text and text.splitlines() != list(reasons):
        return broken(f"{blessing.uri}/{recorded}", "ML Metadata recorded other reasons")
    return sound("verdict and reasons are those that ML Metadata recorded")


def promotion_as_published(evidence: Evidence, pushed: Artifact) -> Finding:
    """How a model came to be live, and why; what older versions published does not say it."""
    file = evidence.settings.home / pushed.uri / PROMOTION
    told = _read(file)
    if told is None:
        return Finding()
    if any(told[name] != pushed.properties.get(name) for name in told):
        return broken(f"{pushed.uri}/{file.name}", "ML Metadata recorded another promotion")
    return sound("way and reason are those that ML Metadata recorded")


def as_asked(evidence: Evidence, run: Run) -> Finding:
    """Whether the audit log names who asked for a run; where it is broken its own link says so."""
    if evidence.audit().faults:
        return Finding()
    named = evidence.askers(run.run_id)
    if named and run.who not in named and run.who != FIRST_START:
        told = " and ".join(sorted(named))
        return broken(f"run {run.run_id}", f"its record names {run.who}, the audit log {told}")
    return sound(f"the audit log names {' and '.join(sorted(named))}") if named else Finding()


def _silver_read(evidence: Evidence, model: Artifact) -> set[int]:
    """The versions of silver that the steps which made it read."""
    steps = made_by(evidence.metadata, model)
    used = (used.artifact.properties for step in steps for used in evidence.metadata.inputs(step))
    return {int(p["delta_version"]) for p in used if p.get("delta_table") == SILVER.name}


def _read(file: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None
