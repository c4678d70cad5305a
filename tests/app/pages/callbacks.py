"""Calling a page's callback as the browser does, by the id of one of its outputs."""

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
    app: Dash, browser: Browser, part: str, trigger: str, values: Mapping[str, Any]
) -> TestResponse:
    """Fire a callback; ``values`` by ``id.property``, None where nothing is given."""
    name = callback(app, part, trigger)
    known = app.callback_map[name]
    outputs = [output(one) for one in name.strip(".").split("...")]
    body = {
        "output": name,
        "outputs": outputs if name.startswith("..") else outputs[0],
        "inputs": [_given(one, values) for one in known["inputs"]],
        "state": [_given(one, values) for one in known["state"]],
        "changedPropIds": [trigger],
    }
    return browser.call(body)


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
    return {**one, "value": values.get(name)}
