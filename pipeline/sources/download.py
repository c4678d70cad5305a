"""Fetching a published data set: mirrors in order, resumed, checked, then only what is wanted."""

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from pipeline.sources import archives
from pipeline.sources.faults import Limits, UnreadableError
from pipeline.sources.published import DataSet, data_set

Progress = Callable[[float, str], None]

_CHUNK = 256 << 10
_TRIES = 3
_MOST = 512 << 20
_LIMITS = Limits(member_bytes=256 << 20, members=1_000)
_TIMEOUT = 30.0
_SCHEMES = ("https", "http")


class DownloadError(RuntimeError):
    """Nothing could be fetched; the message says what was tried and how to bring it by hand."""


class _Refused(Exception):
    """Why one address gave nothing of use."""


def fetch(
    name: str, folder: Path, progress: Progress, published: DataSet | None = None
) -> tuple[Path, ...]:
    """Bring the files of a data set into a folder; those that are there and right are kept.

    Args:
        name: phm08, fd001, fd002, fd003 or fd004.
        folder: where the files go; made when it is not there.
        progress: called with the fraction done (0 while the size is not known) and a message.
        published: other addresses and checks than those of :mod:`published`.

    Returns:
        The files, in the data set's order.

    Raises:
        SourceError: there is no such data set.
        DownloadError: no address gave the files.
    """
    wanted = published or data_set(name)
    folder.mkdir(parents=True, exist_ok=True)
    files = tuple(folder / file for file in wanted.files)
    if not _missing(wanted, folder):
        progress(1.0, f"{name}: there already")
        return files
    refused: list[str] = []
    for address in wanted.addresses:
        try:
            _from(address, wanted, folder, progress)
        except _Refused as error:
            refused.append(f"  {address}\n    {error}")
            progress(0.0, f"{name}: {error}")
        else:
            return files
    raise DownloadError(_by_hand(name, wanted, folder, refused))


def _missing(wanted: DataSet, folder: Path) -> list[str]:
    return [
        name
        for name, check in wanted.files.items()
        if not (folder / name).is_file() or not check.holds((folder / name).read_bytes())
    ]


def _from(address: str, wanted: DataSet, folder: Path, progress: Progress) -> None:
    label = hashlib.sha256(address.encode()).hexdigest()[:12]
    part, archive = folder / f".{label}.part", folder / f".{label}.zip"
    for left in reversed(range(_TRIES)):
        try:
            _download(address, part, progress)
            break
        except _Interrupted as error:
            if not left:
                raise _Refused(f"{error}; the part is kept, the next try resumes it") from None
    part.replace(archive)
    try:
        _extract(archive, wanted, folder)
    finally:
        archive.unlink()


class _Interrupted(Exception):
    """The connection ended before the file did; what came is kept."""


class _SameKind(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to http or https only, and never from https down to http."""

    def redirect_request(  # noqa: PLR0913, PLR0917  (the signature is urllib's)
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request to follow, or a refusal."""
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in _SCHEMES or (old == "https" and new != "https"):
            raise _Refused(f"redirected from {old} to {new}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(address: str, part: Path, progress: Progress) -> None:
    """Bring one address into ``part``, from where an earlier try stopped."""
    if urlsplit(address).scheme not in _SCHEMES:
        raise _Refused("only http and https addresses are fetched")
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address, headers={"User-Agent": "stillwater"})  # noqa: S310
    if done:
        request.add_header("Range", f"bytes={done}-")
    opener = urllib.request.build_opener(_SameKind)
    try:
        with opener.open(request, timeout=_TIMEOUT) as response:
            _save(response, part, done, progress)
    except urllib.error.HTTPError as error:
        if error.code == 416 and done:
            part.unlink()
            raise _Interrupted("the part did not fit the file any more") from None
        raise _Refused(f"the server answered {error.code} {error.reason}") from None
    except http.client.IncompleteRead:
        raise _Interrupted("the connection ended early") from None
    except urllib.error.URLError as error:
        raise _Refused(f"not reached: {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(f"the connection broke: {error}") from None


def _save(response: http.client.HTTPResponse, part: Path, done: int, progress: Progress) -> None:
    if response.status != 206:
        done = 0
    elif not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
        part.unlink()
        raise _Interrupted("the server went on at another place than asked")
    length = response.headers.get("Content-Length")
    total = done + int(length) if length and length.isdigit() else None
    with part.open("ab" if done else "wb") as stream:
        for chunk in _chunks(response):
            stream.write(chunk)
            done += len(chunk)
            progress(done / total if total else 0.0, f"fetching, {done / 1e6:.1f} MB")
            if done > _MOST:
                raise _Refused(f"more than {_MOST:,} bytes, which no data set of NASA's has")
    if total is not None and done < total:
        raise _Interrupted(f"the connection ended after {done:,} of {total:,} bytes")


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while chunk := response.read(_CHUNK):
        yield chunk


def _extract(archive: Path, wanted: DataSet, folder: Path) -> None:
    """Put the wanted members into the folder, each checked first."""
    try:
        members = {PurePosixPath(name).name: name for name in archives.members(archive, _LIMITS)}
        found = {
            name: archives.content(archive, members[name], _LIMITS)
            for name in wanted.files
            if name in members
        }
    except UnreadableError as error:
        raise _Refused(f"no archive of use: {error.fault.detail}") from None
    wrong = [name for name, check in wanted.files.items() if not check.holds(found.get(name, b""))]
    if wrong:
        absent = [name for name in wrong if name not in found]
        what = f"lacks {', '.join(absent)}" if absent else f"holds another {', '.join(wrong)}"
        raise _Refused(f"the archive {what}")
    for name, content in found.items():
        part = folder / f".{name}.part"
        part.write_bytes(content)
        part.replace(folder / name)


def _by_hand(name: str, wanted: DataSet, folder: Path, refused: list[str]) -> str:
    offline = all("not reached" in line for line in refused)
    return "\n".join(
        [
            f"{name} could not be fetched"
            + (": there seems to be no network." if offline else "."),
            "Tried:",
            *refused,
            f"By hand: get it from {wanted.page},",
            f"put {', '.join(wanted.files)} into {folder},",
            "and ingest that folder (or the zip as it is).",
        ]
    )
