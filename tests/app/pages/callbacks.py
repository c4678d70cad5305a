"""Calling a page's callback as the browser does, by the id of one of its outputs."""

import json
from collections.abc import Mapping
from typing import Any

from dash import Dash
from werkzeug.test import TestResponse

from tests.app.security.conftest import Browser


def callback(app: Dash, part: str, trigger: str) -> str:
    """Name of the callback that ``trigger`` (``id.property``) fires and that writes ``part``."""
    for name, known in app.callback_map.items():
        fired = [f"{one['id']}.{one['property']}" for one in known["inputs"]]
        if part in name and trigger in fired:
            return str(name)
    raise LookupError(f"nothing writes {part} on {trigger}")


def call(
    app: Dash,
    browser: Browser,
    part: str,
    trigger: str,
    values: Mapping[str, Any],
    *,
    changed: str = "",
) -> TestResponse:
    """Fire a callback; ``values`` by ``id.property``, None where nothing is given.

    Where the trigger stands for many ids, ``changed`` names the one.
    """
    name = callback(app, part, trigger)
    known = app.callback_map[name]
    outputs = [output(one) for one in name.strip(".").split("...")]
    body = {
        "output": name,
        "outputs": outputs if name.startswith("..") else outputs[0],
        "inputs": [_given(one, values) for one in known["inputs"]],
        "state": [_given(one, values) for one in known["state"]],
        "changedPropIds": [changed or trigger],
    }
    return browser.call(body)


def press(
    app: Dash, browser: Browser, about: tuple[str, str], decision: str, reason: str | None
) -> str:
    """The answer to a press on a decision's button, whether or not the page drew one."""
    name = next(name for name in app.callback_map if "decide-result" in name)
    of = {"about": about[0], "name": about[1]}
    button = {**of, "decision": decision, "type": "decide"}
    body = {
        "output": name,
        "outputs": {"id": {**of, "type": "decide-result"}, "property": "children"},
        "inputs": [[{"id": button, "property": "n_clicks", "value": 1}]],
        "state": [{"id": {**of, "type": "decide-reason"}, "property": "value", "value": reason}],
        "changedPropIds": [f"{json.dumps(button, separators=(',', ':'), sort_keys=True)}.n_clicks"],
    }
    return browser.call(body).get_data(as_text=True)


def output(text: str) -> dict[str, str]:
    """``id.property`` or ``id.property@hash``."""
    name, _, prop = text.rpartition(".")
    return {"id": name, "property": prop}


def _given(one: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    name = f"{one['id']}.{one['property']}"
    if '["ALL"]' in one["id"]:
        return [
            {"id": field, "property": one["property"], "value": value}
            for field, value in values.get(name, [])
        ]
    known = json.loads(one["id"]) if one["id"].startswith("{") else one["id"]
    return {**one, "id": known, "value": values.get(name)}
