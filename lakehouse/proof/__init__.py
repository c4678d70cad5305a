"""Proof of a prediction: the chain of all that it stands on, each link looked at anew.

Values and words are here; :mod:`lakehouse.proof.prove` looks, and opens the metadata store.
"""

from lakehouse.proof.chain import Chain, Link, Part, Said, Verdict
from lakehouse.proof.words import document, link_document, sentence

__all__ = [
    "Chain", "Link", "Part", "Said", "Verdict", "document", "link_document", "sentence",
]  # fmt: skip
