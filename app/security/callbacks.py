"""Whether a request to Dash has the shape that a page sends: what is forged is told from it.

Fields must come as the callback registered them, their values as its parameters are annotated.
"""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

Registered = Mapping[str, Mapping[str, Any]]


def problem_of(body: Any, registered: Registered) -> str | None:
    """What no page would send, None where there is nothing of the kind.

    Args:
        body: the JSON of the request.
        registered: Dash's callbacks by output, with ``inputs`` and ``state``.
    """
    if not isinstance(body, dict):
        return "A callback is asked for by a JSON object."
    output = str(body.get("output"))
    callback = registered.get(output, {})
    # Those that run in the browser are listed too, but without a function.
    if "callback" not in callback:
        return "There is no such callback."
    changed = body.get("changedPropIds", [])
    whole = (
        _answers(body.get("outputs"), output)
        and isinstance(changed, list)
        and all(isinstance(name, str) for name in changed)
        and _fit(body.get("inputs"), callback["inputs"])
        and _fit(body.get("state", []), callback["state"])
        and _are([*body["inputs"], *body.get("state", [])], _annotated(callback["callback"]))
    )
    return None if whole else "The callback does not take that."


def _answers(sent: Any, output: str) -> bool:
    """Whether what is asked for is what the callback answers, ``..a.x...b.y@z..`` of several."""
    several = output.startswith("..")
    parts = (part.rpartition(".") for part in output.strip(".").split("..."))
    known = [{"id": name, "property": written} for name, _, written in parts]
    return _fit(sent if several else [sent], known)


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
    return (
        isinstance(sent, dict)
        and sent.keys() == known.keys()
        # Of a pattern, what is a list here may be anything there.
        and all(isinstance(value, list) or sent[name] == value for name, value in known.items())
    )


@cache
def _annotated(callback: Callable[..., Any]) -> tuple[Any, ...]:
    """What each parameter of a callback takes; of one that takes what it gets, nothing is asked."""
    function = inspect.unwrap(callback)  # Dash puts its own around it
    known = get_type_hints(function)
    named = inspect.signature(function).parameters.values()
    return tuple(known.get(one.name, Any) for one in named if one.kind is one.POSITIONAL_OR_KEYWORD)


def _are(sent: Sequence[Any], annotated: Sequence[Any]) -> bool:
    return all(_takes(kind, part) for kind, part in zip(annotated, sent, strict=False))


def _takes(kind: Any, part: Any) -> bool:
    """Whether a field, or all of a pattern, hold what a parameter is annotated with."""
    if isinstance(part, list):
        return _holds([each.get("value") for each in part], kind)
    value = part.get("value")
    # What nobody has filled in or clicked is null, but a page fills its stores.
    return (value is None and part["property"] != "data") or _holds(value, kind)


def _holds(value: Any, kind: Any) -> bool:
    """Whether a JSON value is of an annotated type."""
    if kind is Any:
        return True
    origin, within = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(_holds(value, each) for each in within)
    if origin is list:
        return isinstance(value, list) and all(_holds(each, within[0]) for each in value)
    if is_typeddict(kind):
        known = get_type_hints(kind)
        return (
            isinstance(value, dict)
            and kind.__required_keys__ <= value.keys()
            and all(_holds(value[name], known[name]) for name in known.keys() & value.keys())
        )
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(value, origin or kind)
