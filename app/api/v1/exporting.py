"""Export of a table as a streamed file, and how many of such large tasks go on at once."""

from collections.abc import Callable, Iterator
from functools import cache
from threading import BoundedSemaphore

from flask import Response, request

from app.queries.read_api import Ask, selection
from app.security import current_user, request_id
from app.security.errors import Problem
from app.services import Services
from lakehouse.audit import Event
from lakehouse.export import chunks, origin, selected
from lakehouse.row_files import Format
from lakehouse.settings import WebSettings

BUSY_SECONDS = 10
MEDIA: dict[Format, str] = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8; header=present",
}
HEADERS = {
    "Content-Disposition": "Name of the file, with table and version.",
    "Stillwater-Table": "The table that was read.",
    "Stillwater-Version": "The version that was read.",
    "Stillwater-Content-Sha256": "Hash of the version's whole content, where one was noted.",
}


class Slots:
    """So many exports and diffs at once; one thread always stays free for the pages."""

    def __init__(self, web: WebSettings) -> None:
        self._free = BoundedSemaphore(max(1, min(web.exports, web.threads - 1)))

    def take(self) -> Callable[[], None]:
        """Begin one; returns what ends it, however often that is called.

        Raises:
            Problem: as many as may be go on already.
        """
        if not self._free.acquire(blocking=False):
            raise Problem(
                429,
                "busy",
                f"Other exports are going on: ask again in {BUSY_SECONDS} s.",
                {"Retry-After": str(BUSY_SECONDS)},
            )
        return cache(self._free.release)


def export(services: Services, slots: Slots, ask: Ask, form: Format) -> Response:
    """The rows as a file that is written while it is sent; a request for its head sends nothing.

    Raises:
        Problem: too many exports are going on.
        SelectionError: what is asked for is not there.
        DamagedError: a data file cannot be read.
        AuditError: it could not be written down, so nothing is sent.
    """
    what = selection(services, ask)
    rows = selected(services.lake, what)
    told = origin(services.lake, what)
    response = Response(content_type=MEDIA[form])
    # Names of tables come from the contracts, so that they are safe in a header and as a file.
    file = f"{what.table.replace('/', '-')}-v{what.version}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    response.headers.update({_header(name): value for name, value in told.items()})
    if request.method == "HEAD":
        # An iterator, so that no length is told: nobody knows it before the file is written.
        response.response = iter(())
        return response
    release = slots.take()
    try:
        parts = chunks(rows, form, told)
        # What cannot be read is found out while that can still be answered.
        first = next(parts)
        user, target = current_user(), f"{what.table}@{what.version}"
        services.audit.append(
            Event(user.name, user.role, "export", target, request_id=request_id())
        )
    except BaseException:
        release()
        raise
    response.response = _sent(first, parts)
    response.call_on_close(release)
    return response


def _sent(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _header(name: str) -> str:
    """``content_sha256`` as ``Stillwater-Content-Sha256``."""
    return f"Stillwater-{name.replace('_', '-').title()}"
