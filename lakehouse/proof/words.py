"""A proof in words and as a document: the same for the command line and for pages."""

from typing import Any

from lakehouse.clock import iso
from lakehouse.profiles import Profile
from lakehouse.proof.chain import Chain, Link, Said

Document = dict[str, Any]


def sentence(said: Said, profile: Profile) -> str:
    """What was said, as a person would say it."""
    percent = f"{100 * said.coverage:.0f} %"
    if said.window_to is None:
        when = f"to last at least until cycle {said.window_from:,} ({percent})"
    elif said.window_from == said.window_to:
        when = f"to fail in cycle {said.window_to:,} ({percent})"
    else:
        when = f"to fail in cycles {said.window_from:,}–{said.window_to:,} ({percent})"
    risk = f"that it fails within {profile.label_cycles} cycles: {100 * said.probability:.0f} %"
    who = f"{profile.machine.capitalize()} {said.engine} of {said.fleet} is predicted"
    by = f"Said at cycle {said.cycle:,} by {said.model_id}, {iso(said.predicted_at)}"
    words = f"{who} {when}; {risk}. {by}."
    if said.outdated_by:
        words += f" It is outdated: {', '.join(said.outdated_by)} changed its rows since."
    return words


def document(chain: Chain, profile: Profile) -> Document:
    """A proof as JSON has it."""
    said = chain.said
    window = {"from": said.window_from, "to": said.window_to, "coverage": said.coverage}
    same = ("probability", "rul", "model_id", "run_id", "input_digest", "features_version")
    prediction = {name: getattr(said, name) for name in same} | {"window": window}
    prediction["predicted_at"] = iso(said.predicted_at)
    prediction["outdated_by"] = list(said.outdated_by)
    return {
        "fleet": said.fleet,
        "engine": said.engine,
        "cycle": said.cycle,
        "sentence": sentence(said, profile),
        "prediction": prediction,
        "verdict": chain.verdict.value,
        "links": [link_document(each) for each in chain.links],
    }


def link_document(link: Link) -> Document:
    """A link as JSON has it."""
    parts = [
        {"label": part.label, "value": part.value, "about": dict(part.about)} for part in link.parts
    ]
    told = {"name": link.name, "label": link.label, "verdict": link.verdict.value}
    return told | {"reason": link.reason, "where": list(link.where), "parts": parts}
