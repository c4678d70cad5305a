"""All that is known of one node: hashes, parameters, code, who asked, and whatever else it says."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import engine_address, run_address, table_address
from app.components.lineage_graph import node_address
from app.components.run_facts import seconds, utc
from app.figures.lineage import words
from app.queries.lineage import Lineage
from lakehouse.lineage.graph import Node, table_version
from lakehouse.lineage.store import document
from lakehouse.lineage.told import recorded_at, took

_MOST = 4_000
_MAKERS = 5
# Told by name already.
_KNOWN = frozenset(
    {"run_id", "who", "seconds", "code_version", "delta_table", "delta_version", "state", "origin"}
)
_OF_THE_ENGINE = frozenset({"fleet", "engine", "cycle"})
_LABELS = {
    "content_sha256": "content sha256", "row_count": "rows", "code_version": "code",
    "model_id": "model", "received_at": "received", "delivery_id": "delivery",
}  # fmt: skip
Fact = tuple[str, Component | str]


def lineage_details(found: Lineage) -> Component:
    """The details of the node that was asked for."""
    node = found.centre
    if node is None:
        return _panel(found.ask.store, "metadata store", _told(_summary(found)))
    hidden = _OF_THE_ENGINE if node.kind == "subject" else frozenset()
    told = {name: value for name, value in node.properties.items() if name not in hidden}
    return _panel(node.label, words(node), [*_facts(found, node), *_told(told)])


def _summary(found: Lineage) -> Mapping[str, Any]:
    """A store in numbers; which types are used says more than which are declared."""
    return {name: value for name, value in document(found.store).items() if name != "types"}


def _panel(title: str, hint: str, facts: Sequence[Fact]) -> Component:
    shown = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts]
    head = [html.H2(title), html.P(hint, className="run-hint")]
    return html.Aside([*head, html.Dl(shown)], className="lin-details sheet")


def _facts(found: Lineage, node: Node) -> list[Fact]:
    known = node.properties
    facts: list[Fact] = [("state", node.state.lower())] if node.state else []
    if node.run:
        own = not found.ask.store
        facts.append(("run", dcc.Link(node.run, href=run_address(node.run)) if own else node.run))
    if known.get("who"):
        facts.append(("who asked", str(known["who"])))
    time = recorded_at(node)
    if time is not None:
        facts.append(("recorded", f"{utc(time)} UTC"))
    if took(node) is not None:
        facts.append(("took", seconds(took(node))))
    if known.get("code_version"):
        facts.append(("code", str(known["code_version"])))
    return [*facts, *_makers(found, node), *_place(found, node)]


def _makers(found: Lineage, node: Node) -> list[Fact]:
    """The steps that wrote an artifact; a cached one only took it over."""
    if node.kind != "artifact":
        return []
    steps = [found.graph.nodes[e.source] for e in found.graph.into(node.key) if e.role == "output"]
    words = {True: "taken over by", False: "made by"}
    return [
        (words[step.cached], dcc.Link(f"{step.label} of {step.run}" if step.run else step.label,
                                      href=node_address(found, step)))
        for step in steps[:_MAKERS]
    ]  # fmt: skip


def _place(found: Lineage, node: Node) -> list[Fact]:
    version = table_version(node)
    if version is not None and not found.ask.store:
        link = dcc.Link(f"v{version[1]}", href=table_address(*version, found.ask.as_of))
        return [("table", version[0]), ("version", link)]
    start = found.start
    if node.kind == "subject" and start is not None and all(start.engine):
        href = engine_address(*start.engine, found.ask.as_of)
        return [("engine", dcc.Link("/".join(start.engine), href=href))]
    return [("where", html.Code(node.uri))] if node.uri else []


def _told(known: Mapping[str, Any]) -> list[Fact]:
    return [
        (_LABELS.get(name, name.replace("_", " ")), _value(value))
        for name, value in known.items()
        if name not in _KNOWN and value not in (None, "")
    ]


def _value(value: Any) -> Component | str:
    """A value as it is read: JSON opened, hashes and long text in type of one width."""
    if isinstance(value, dict | list):
        value = json.dumps(value)
    if isinstance(value, str) and value[:1] in "{[":
        try:
            text = json.dumps(json.loads(value), indent=1, ensure_ascii=False)
        except ValueError:
            text = value
        return html.Pre(_cut(text), tabIndex=0)
    text = str(value)
    return html.Code(_cut(text)) if len(text) > 24 else text


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[:_MOST]}… ({len(text):,} characters)"
