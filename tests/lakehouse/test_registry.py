"""What the store tells of every registered model."""

import json
from pathlib import Path
from typing import Any

from lakehouse.metadata import Metadata
from lakehouse.records import Artifact, Execution, Used
from lakehouse.registry import ALREADY_LIVE, find


def judged(metadata: Metadata, run_id: str, blessed: int, reason: str) -> None:
    """Record the gate's word on the model ``m``."""
    told: dict[str, Any] = {"model_id": "m", "blessed": blessed, "reasons": json.dumps([reason])}
    verdict = Used("blessing", Artifact("ModelBlessing", f"{run_id}.blessing", "a/none", told))
    metadata.record(Execution("Evaluator", run_id, "COMPLETE"), (), [verdict])


def test_a_model_that_is_made_again_while_live_keeps_what_the_gate_said_of_it(
    tmp_path: Path,
) -> None:
    """That there was nothing to compare it with says nothing new; another verdict does."""
    metadata = Metadata(tmp_path / "store.sqlite")
    metadata.create()
    known: dict[str, Any] = {
        "model_id": "m",
        "fleet": "F",
        "sha256": "",
        "transform_id": "t",
        "silver_version": 1,
        "parameters": "{}",
    }
    made = Used("model", Artifact("Model", "m", "a/none", known))
    metadata.record(Execution("Trainer", "run-1", "COMPLETE"), (), [made])
    judged(metadata, "run-1", 1, "first_model: it beats the base rate")
    judged(metadata, "run-2", 0, f"{ALREADY_LIVE}: this very model is live")
    model = find(metadata, "m")
    assert model is not None and model.verdict is not None
    assert (model.verdict.blessed, model.verdict.run_id) == (True, "run-1")
    judged(metadata, "run-3", 0, "worse: than the live one")
    model = find(metadata, "m")
    assert model is not None and model.verdict is not None and not model.verdict.blessed
