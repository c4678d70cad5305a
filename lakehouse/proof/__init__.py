"""Proof of a prediction: the chain of all that it stands on, each link looked at anew."""

from lakehouse.proof.chain import Chain, Link, Part, Said, Verdict
from lakehouse.proof.evidence import Evidence
from lakehouse.proof.prove import ChangedPredictionsError, NoPredictionError, draw, find, prove

__all__ = [
    "Chain", "ChangedPredictionsError", "Evidence", "Link", "NoPredictionError", "Part", "Said",
    "Verdict", "draw", "find", "prove",
]  # fmt: skip
