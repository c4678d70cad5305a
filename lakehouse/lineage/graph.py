"""The graph of one metadata store: artifacts, the steps that made them, and the events between.

Edges point the way the data went: from what was read to the step, from the step to what it wrote.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["artifact", "execution", "delivery", "subject", "run"]
Role = Literal["input", "output", "version", "delivered", "of"]


@dataclass(frozen=True, slots=True)
class Node:
    """One artifact or execution of the store, or what stands for more than the store knows.

    Attributes:
        key: ``a<id>`` for an artifact, ``e<id>`` for an execution, ``d<id>`` for a delivery.
        kind: what it is; a ``run`` stands for all steps of one, a ``subject`` for what is asked.
        type: the store's type name; of a delivery its kind.
        label: what people call it: ``silver/readings@5``, ``Trainer``, ``odd.csv``.
        run: the run that an execution belongs to, empty for none.
        state: the store's state, such as COMPLETE, CACHED, LIVE.
        created: when it was recorded, milliseconds since 1970, 0 where nobody says.
        updated: when it was last changed.
        uri: where it is.
        text: properties as a JSON object.
    """

    key: str
    kind: Kind
    type: str
    label: str
    run: str = ""
    state: str = ""
    created: int = 0
    updated: int = 0
    uri: str = ""
    text: str = "{}"

    @property
    def properties(self) -> Mapping[str, Any]:
        """What the store, or whoever delivered it, says of it; parsed when asked."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def cached(self) -> bool:
        """Whether a step made nothing, as an equal one had been done before."""
        return self.kind == "execution" and self.state == "CACHED"


@dataclass(frozen=True, slots=True)
class Edge:
    """One event, or a join that the store does not make itself.

    Attributes:
        source: key of the node that comes first.
        target: key of the node that comes after it.
        role: ``input`` or ``output`` of a step; ``version``: a later version of the same table
            that no step wrote, such as a compaction; ``delivered``: a file that was taken in;
            ``of``: belongs to what is asked.
        channel: the name under which the step used it.
    """

    source: str
    target: str
    role: Role
    channel: str = ""


@dataclass(frozen=True)
class Graph:
    """Nodes by key, and the edges that lead to and from each."""

    nodes: Mapping[str, Node]
    before: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    after: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, nodes: Mapping[str, Node], edges: Iterable[Edge]) -> "Graph":
        """The graph of these; an edge that leads to nothing known is left out."""
        before: dict[str, list[Edge]] = {}
        after: dict[str, list[Edge]] = {}
        for edge in edges:
            if edge.source in nodes and edge.target in nodes:
                before.setdefault(edge.target, []).append(edge)
                after.setdefault(edge.source, []).append(edge)
        return cls(
            nodes,
            {key: tuple(found) for key, found in before.items()},
            {key: tuple(found) for key, found in after.items()},
        )

    def into(self, key: str) -> tuple[Edge, ...]:
        """What leads to a node."""
        return self.before.get(key, ())

    def out_of(self, key: str) -> tuple[Edge, ...]:
        """What leads on from a node."""
        return self.after.get(key, ())


def table_version(node: Node) -> tuple[str, int] | None:
    """Table and version that an artifact of ours stands for; None for any other node."""
    table, at, version = node.label.rpartition("@")
    if node.kind != "artifact" or not at or "/" not in table or not version.isdecimal():
        return None
    if len(version) > len(str(2**63)):  # somebody else's name
        return None
    return table, int(version)
