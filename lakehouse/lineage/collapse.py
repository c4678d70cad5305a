"""A part of a graph with one node for each run in the place of its steps."""

from collections import Counter
from collections.abc import Mapping

from lakehouse.lineage.graph import Edge, Node
from lakehouse.lineage.walk import Part


def run_key(run: str) -> str:
    """Key of a run's node."""
    return f"r{run}"


def by_run(part: Part) -> Part:
    """The same part with runs for steps.

    What only one run wrote and read is left out; what goes from one run to another stays, as do
    deliveries, what is asked for, and what lies at the end.
    """
    steps: dict[str, list[Node]] = {}
    for node in part.nodes.values():
        if node.kind == "execution" and node.run:
            steps.setdefault(node.run, []).append(node)
    home = {step.key: run_key(run) for run, taken in steps.items() for step in taken}
    runs = {run_key(run): _run(run, taken) for run, taken in steps.items()}
    inside = _inside(part, home)
    edges: dict[tuple[str, str], Edge] = {}
    for edge in part.edges:
        ends = home.get(edge.source, edge.source), home.get(edge.target, edge.target)
        if ends[0] != ends[1] and not inside & set(ends):
            edges.setdefault(ends, Edge(*ends, edge.role, edge.channel))
    nodes = {
        home.get(key, key): runs[home[key]] if key in home else node
        for key, node in part.nodes.items()
        if key not in inside
    }
    starts = dict.fromkeys(home.get(key, key) for key in part.starts if key not in inside)
    more: Counter[str] = Counter()
    for key, count in part.more.items():
        if key not in inside:
            more[home.get(key, key)] += count
    return Part(nodes, tuple(edges.values()), tuple(starts), more, part.full)


def _inside(part: Part, home: Mapping[str, str]) -> set[str]:
    """Artifacts between steps of one run; one that anything else hangs on is not among them."""
    near: dict[str, set[str]] = {}
    ways: dict[str, set[bool]] = {}
    for edge in part.edges:
        near.setdefault(edge.source, set()).add(home.get(edge.target, edge.target))
        near.setdefault(edge.target, set()).add(home.get(edge.source, edge.source))
        ways.setdefault(edge.source, set()).add(True)
        ways.setdefault(edge.target, set()).add(False)
    runs = set(home.values())
    return {
        key
        for key, node in part.nodes.items()
        if node.kind == "artifact"
        and key not in part.starts
        and len(near.get(key, ())) == 1
        and len(ways[key]) == 2
        and near[key] <= runs
    }


def _run(run: str, steps: list[Node]) -> Node:
    states = {step.state for step in steps}
    first = min(steps, key=lambda step: step.created)
    worst = next(
        (s for s in ("FAILED", "CANCELED", "RUNNING", "COMPLETE") if s in states), first.state
    )
    return Node(
        key=run_key(run),
        kind="run",
        type=", ".join(dict.fromkeys(step.label for step in steps)),
        label=run,
        run=run,
        state=worst,
        created=first.created,
        updated=max(step.updated for step in steps),
        text=first.text,
    )
