"""Whether a request to Dash has the shape that a page sends: what is forged is told from it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Registered = Mapping[str, Mapping[str, Any]]


def problem_of(body: Any, registered: Registered) -> str | None:
    """What no page would send, None where there is nothing of the kind.

    Args:
        body: the JSON of the request.
        registered: Dash's callbacks by output, with ``inputs`` and ``state``.
    """
    if not isinstance(body, dict):
        return "A callback is asked for by a JSON object."
    callback = registered.get(str(body.get("output")), {})
    # Those that run in the browser are listed too, but without a function.
    if "callback" not in callback:
        return "There is no such callback."
    changed = body.get("changedPropIds", [])
    whole = (
        isinstance(body.get("outputs"), dict | list)
        and isinstance(changed, list)
        and all(isinstance(name, str) for name in changed)
        and _fit(body.get("inputs"), callback["inputs"])
        and _fit(body.get("state", []), callback["state"])
    )
    return None if whole else "The callback does not take that."


def _fit(sent: Any, known: Sequence[Mapping[str, str]]) -> bool:
    """Whether fields come in the number, order and kind that a callback names."""
    if not isinstance(sent, list) or len(sent) != len(known):
        return False
    return all(_is(part, field) for part, field in zip(sent, known, strict=True))


def _is(part: Any, field: Mapping[str, str]) -> bool:
    if '"ALL"' in field["id"]:
        return isinstance(part, list) and all(_is_one(each, field) for each in part)
    return _is_one(part, field)


def _is_one(part: Any, field: Mapping[str, str]) -> bool:
    if not isinstance(part, dict) or part.get("property") != field["property"]:
        return False
    known = json.loads(field["id"]) if field["id"].startswith("{") else field["id"]
    if isinstance(known, str):
        return part.get("id") == known
    sent = part.get("id")
    return isinstance(sent, dict) and sent.keys() == known.keys()
