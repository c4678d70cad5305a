"""Which recorded artifact stands for a version of a table: not every commit is recorded."""

from lakehouse.commits import BrokenLogError, DeltaLog
from lakehouse.lineage.graph import Graph, Node, table_version
from lakehouse.snapshots import Pinned


def artifact_at(graph: Graph, table: str, version: int | None) -> Node | None:
    """The artifact of a table version, or of the newest version before it that there is one of."""
    known = ((table_version(node), node) for node in graph.nodes.values())
    mine = [(v[1], node) for v, node in known if v and v[0] == table]
    older = [entry for entry in mine if version is not None and entry[0] <= version]
    return max(older, key=lambda entry: entry[0])[1] if older else None


def made_with(pinned: Pinned, graph: Graph, table: str, version: int | None) -> Node | None:
    """The artifact of the last version that the step which wrote this version wrote."""
    if version is None:
        return None
    later = ((table_version(node), node) for node in graph.nodes.values())
    known = {v[1]: node for v, node in later if v and v[0] == table and v[1] >= version}
    if not known or version in known:
        return known.get(version)
    try:
        commits = DeltaLog(pinned.lake.path(table)).commits(version - 1, min(known))
    except BrokenLogError:
        return None
    steps = {(c.entry.metadata.get("run_id"), c.entry.metadata.get("node")) for c in commits}
    return known[min(known)] if len(steps) == 1 and (None, None) not in steps else None
