"""Verbs about lineage: look into any metadata store, and tell what came of what to other tools."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from lakehouse.lineage import told
from lakehouse.lineage.foreign import open_store
from lakehouse.lineage.graph import Edge, Graph, Node
from lakehouse.lineage.own import own_graph, walked_through
from lakehouse.lineage.reading import StoreError
from lakehouse.lineage.starts import Start, StartError, resolve, resolve_foreign
from lakehouse.lineage.store import Store, StoreFile, document
from lakehouse.lineage.walk import Part, Reach, walk
from lakehouse.row_files import new_file
from lakehouse.settings import Settings
from lakehouse.snapshots import pin
from pipeline.commands.output import Exit, audited, fail, json_option, show, table, usage_errors
from pipeline.home import open_home

OWN = "stillwater"
_STEPS = ("run", "step", "state", "reads", "writes")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def lineage() -> None:
    """Where things came from and what came of them."""


@lineage.command("open")
@click.argument("file", metavar="STORE", type=_FILE)
@json_option
def open_(file: Path, as_json: bool) -> None:
    """Show what an ML Metadata store holds, of any program and time; it is never touched."""
    store = _opened(file)
    counts = document(store)
    numbers = ("artifacts", "executions", "events", "contexts")
    lines = [", ".join(f"{counts[name]:,} {name}" for name in numbers)]
    show(counts, as_json, "\n".join([*lines, table(_steps(store), _STEPS)]))


@lineage.command("export")
@click.argument("name", metavar="OBJECT")
@click.option(
    "--format", "form", type=click.Choice(["openlineage", "mermaid", "csv"]), required=True
)
@click.option("--way", type=click.Choice(["both", "back", "forward"]), default="both")
@click.option("--steps", type=click.IntRange(0), default=0, help="steps to go; 0: all")
@click.option("--store", type=_FILE, help="a store of others in the place of the home's own")
@click.option("--output", type=click.Path(path_type=Path), help="new file; default: print it")
@json_option
@click.pass_obj
@usage_errors(StartError, FileExistsError)
def export(settings: Settings, /, name: str, form: str, **options: Any) -> None:
    """Write what an object came from and what came of it.

    OBJECT is FLEET/ENGINE@CYCLE, FLEET/ENGINE, TABLE@VERSION, or the id of a model, a run or a
    delivery.
    """
    start, graph, namespace = _found(settings, name, options["store"])
    way, steps = options["way"], options["steps"]
    reach = Reach(
        back=way != "forward",
        forward=way != "back",
        steps=steps or None,
        most=len(graph.nodes),
        through=(lambda _node: True) if options["store"] else walked_through,
    )
    part = walk(graph, start.begins, reach)
    text = _text(form, graph, part, namespace)
    result = {"object": start.name, "format": form, "nodes": len(part.nodes),
              "edges": len(part.edges)}  # fmt: skip
    target: Path | None = options["output"]
    if target is None:
        show(result | {"content": text}, options["as_json"], text.rstrip("\n"))
        return
    with new_file(target.absolute()) as aside:
        audited(settings, "export", f"lineage of {start.name}")
        aside.write_text(text, encoding="utf-8")
    words = f"{len(part.nodes):,} nodes in {target}"
    show(result | {"file": str(target.absolute())}, options["as_json"], words)


def _opened(file: Path) -> Store:
    try:
        return open_store(file)
    except StoreError as error:
        fail(str(error), Exit.BAD_DATA)


def _found(settings: Settings, name: str, file: Path | None) -> tuple[Start, Graph, str]:
    """The start, the graph that it lies in, and what jobs and datasets there are named after."""
    if file is not None:
        graph = _opened(file).graph()
        return resolve_foreign(name, graph), graph, file.name
    pinned = pin(open_home(settings).lake)
    try:
        graph = own_graph(StoreFile(settings.metadata).read(), pinned)
    except StoreError as error:
        fail(f"the metadata store cannot be read: {error}", Exit.FAILED)
    start = resolve(name, graph, pinned)
    return start, start.joined(graph), OWN


def _text(form: str, graph: Graph, part: Part, namespace: str) -> str:
    if form == "mermaid":
        return told.mermaid(part)
    if form == "csv":
        return told.csv(part).decode()
    # The spec's classes bring a client for the network, which only this export needs to load.
    from lakehouse.lineage.openlineage import lines

    return "".join(f"{line}\n" for line in lines(graph, part.nodes.values(), namespace))


def _steps(store: Store) -> list[Mapping[str, Any]]:
    graph = store.graph()
    return [
        {
            "run": node.run or None,
            "step": node.label,
            "state": node.state,
            "reads": _labels(graph, graph.into(node.key), "source"),
            "writes": _labels(graph, graph.out_of(node.key), "target"),
        }
        for node in _executions(store)
    ]


def _executions(store: Store) -> Iterable[Node]:
    return (node for node in store.nodes.values() if node.kind == "execution")


def _labels(graph: Graph, edges: Iterable[Edge], end: str) -> str:
    return ", ".join(graph.nodes[getattr(edge, end)].label for edge in edges)
