"""The part of a graph that lies around a start: so many steps back and forth, and no more."""

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lakehouse.lineage.graph import Edge, Graph, Node

MOST = 150


@dataclass(frozen=True)
class Reach:
    """How far to walk.

    Attributes:
        back: towards what it came from.
        forward: towards what came of it.
        steps: executions to pass in either direction, None for all of them.
        most: nodes to show; the nearest come first.
        until: leave out what was recorded later, milliseconds since 1970; None for nothing.
        through: whether to walk on from a node; one that is not walked through still shows.
    """

    back: bool = True
    forward: bool = True
    steps: int | None = 4
    most: int = MOST
    until: int | None = None
    through: Callable[[Node], bool] = field(default=lambda _node: True)


@dataclass(frozen=True)
class Part:
    """What was found.

    Attributes:
        nodes: nearest first.
        edges: all that lead from one of them to another.
        starts: keys of the nodes that the walk began at.
        more: node to the number of its neighbours that were left out.
        full: whether the walk ended because there were too many nodes.
    """

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    starts: tuple[str, ...]
    more: Mapping[str, int] = field(default_factory=dict)
    full: bool = False


def walk(graph: Graph, starts: Iterable[str], reach: Reach) -> Part:
    """The nodes around ``starts``, in both directions or one; what is not in the graph is skipped.

    A cached step made nothing: what came of it came of the step that it repeats. So it is shown
    beside that one only in its own run, and nothing is found by walking forward through it.
    """
    begun = tuple(dict.fromkeys(key for key in starts if key in graph.nodes))
    ways = [
        _Way(graph, reach, back) for back in (True, False) if (reach.back, reach.forward)[not back]
    ]
    near: dict[str, int] = {}
    full = False
    for way in ways:
        found, cut = way.visit(begun)
        full |= cut
        for key, steps in found.items():
            near[key] = min(steps, near.get(key, steps))
    near.update((key, 0) for key in begun)
    ordered = sorted(near, key=lambda key: near[key])
    kept = dict.fromkeys(ordered[: reach.most])
    nodes = {key: graph.nodes[key] for key in kept}
    edges = tuple(edge for key in nodes for edge in graph.out_of(key) if edge.target in nodes)
    more = {key: count for key in nodes if (count := _left_out(ways, key, nodes))}
    return Part(nodes, edges, begun, more, full or len(ordered) > reach.most)


def after(graph: Graph, starts: Iterable[str], until: int | None) -> set[str]:
    """Every node that came of the starts, however far, by a time (milliseconds since 1970)."""
    reach = Reach(steps=None, most=len(graph.nodes), until=until)
    found, _ = _Way(graph, reach, back=False).visit(tuple(starts))
    return set(found)


class _Way:
    """One direction."""

    def __init__(self, graph: Graph, reach: Reach, back: bool) -> None:
        self._graph, self._reach, self._back = graph, reach, back

    def visit(self, starts: tuple[str, ...]) -> tuple[dict[str, int], bool]:
        """Node to the number of steps passed on the way, and whether there were too many."""
        found = dict.fromkeys(starts, 0)
        queue = deque(starts)
        while queue:
            key = queue.popleft()
            if key not in starts and not self._goes_on(self._graph.nodes[key]):
                continue
            for near in self._next(key, found, key in starts):
                passed = found[key] + (self._graph.nodes[near].kind == "execution")
                if near in found or (self._reach.steps is not None and passed > self._reach.steps):
                    continue
                found[near] = passed
                queue.append(near)
            if len(found) > 2 * self._reach.most:
                return found, True
        return found, False

    def left_out(self, key: str, shown: Mapping[str, Node]) -> int:
        """How many neighbours of a node are not shown."""
        return len({near for near in self._next(key, shown, False) if near not in shown})

    def _goes_on(self, node: Node) -> bool:
        return self._reach.through(node) and (self._back or not node.cached)

    def _next(self, key: str, found: Container[str], is_start: bool) -> Iterator[str]:
        edges = self._graph.into(key) if self._back else self._graph.out_of(key)
        for edge in edges:
            near = edge.source if self._back else edge.target
            node = self._graph.nodes[near]
            late = self._reach.until is not None and node.created > self._reach.until
            if not late and (is_start or not self._repeated(key, node, found)):
                yield near

    def _repeated(self, artifact: str, step: Node, found: Container[str]) -> bool:
        """Whether a cached step wrote nothing that the steps on the way here read in their run."""
        if not self._back or not step.cached:
            return False
        readers = (e.target for e in self._graph.out_of(artifact) if e.target in found)
        return all(self._graph.nodes[reader].run != step.run for reader in readers)


def _left_out(ways: list[_Way], key: str, shown: Mapping[str, Node]) -> int:
    return sum(way.left_out(key, shown) for way in ways)
