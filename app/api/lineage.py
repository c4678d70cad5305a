"""Lineage for other tools: OpenLineage events, a Mermaid flowchart, CSV."""

import re
from collections.abc import Callable, Iterable, Iterator

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.queries.as_of import asked
from app.queries.lineage import OWN, Ask, Lineage, lineage
from app.queries.lineage_rows import touched
from app.security import current_user
from app.security.roles import Action, require
from app.services import Services
from lakehouse.lineage import told
from lakehouse.row_files import csv_chunks
from lakehouse.snapshots import Pinned

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
EVERYTHING = 10_000_000
Written = Iterable[bytes] | bytes | str


def blueprint(services: Services) -> Blueprint:
    """``GET /lineage/<file>`` with the query of the page; everything in reach, not only what fits
    into the picture."""
    routes = Blueprint("lineage", __name__)

    @routes.get("/lineage/<file>")
    def download(file: str) -> ResponseReturnValue:
        require(current_user(), Action.SEE, services.audit, "lineage")
        if file not in _FORMS:
            return jsonify(error=f"there is no {file[:40]}: {', '.join(_FORMS)}"), 404
        seq = asked(request.args.get("as_of", ""))
        try:
            pinned = services.pinned(seq)
        except LookupError as error:
            return jsonify(error=str(error)), 404
        found = lineage(services, pinned, Ask.from_query(request.args, seq), EVERYTHING)
        if found.start is None:
            return jsonify(error=found.problem or "say what of: ?of=…"), 404
        return _file(file, found, _FORMS[file][1](services, pinned, found))

    return routes


def _file(form: str, found: Lineage, written: Written) -> Response:
    response = Response(written, mimetype=_FORMS[form][0])
    name = _UNSAFE.sub("_", found.ask.of or found.ask.store)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _openlineage(_services: Services, _pinned: Pinned, found: Lineage) -> Iterator[bytes]:
    # The spec's classes bring a client for the network, which only an export needs to load.
    from lakehouse.lineage.openlineage import lines

    namespace = found.ask.store or OWN
    for line in lines(found.graph, found.steps.nodes.values(), namespace):
        yield f"{line}\n".encode()


def _mermaid(_services: Services, _pinned: Pinned, found: Lineage) -> str:
    return told.mermaid(found.part)


def _csv(_services: Services, _pinned: Pinned, found: Lineage) -> bytes:
    return told.csv(found.part)


def _touched(services: Services, pinned: Pinned, found: Lineage) -> Iterable[bytes]:
    what = touched(pinned, services.profile, found)
    return () if what is None else csv_chunks(what.rows.lazy())


_FORMS: dict[str, tuple[str, Callable[[Services, Pinned, Lineage], Written]]] = {
    "openlineage.jsonl": ("application/x-ndjson", _openlineage),
    "mermaid.mmd": ("text/plain", _mermaid),
    "nodes.csv": ("text/csv", _csv),
    "touched.csv": ("text/csv", _touched),
}
