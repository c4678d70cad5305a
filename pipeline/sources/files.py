"""Finding deliveries in files, folders and archives: which files count, and what each one is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.sources import archives, nasa
from pipeline.sources.delivered import KINDS, Delivered, Layout
from pipeline.sources.faults import LIMITS, Limits, Reason, SourceError, UnreadableError

_LAYOUTS: dict[str, Layout] = {
    ".txt": "numbered",
    ".csv": "separated",
    ".tsv": "separated",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
    ".parquet": "parquet",
}
_FLEET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Discovery:
    """What was found: deliveries in the order they are taken in, and what was left out."""

    deliveries: tuple[Delivered, ...]
    skipped: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Ask:
    """What the caller said about the files, and how much of them is read."""

    fleet: str | None
    kind: str | None
    limits: Limits


def discover(
    paths: Iterable[str | Path],
    fleet: str | None = None,
    kind: str | None = None,
    limits: Limits = LIMITS,
) -> Discovery:
    """The deliveries in some files and folders: history first, then in service, then truth.

    In a folder or an archive only files with one of NASA's names are taken (an archive without
    any is taken whole when ``fleet`` and ``kind`` are given). A broken file is a delivery too, so
    that it ends up in quarantine.

    Raises:
        SourceError: a path that is not there, a link, an unknown kind of file, or a file whose
            fleet or kind nothing says.
    """
    ask = _Ask(_fleet(fleet), _kind(kind), limits)
    found = [_look(Path(path), ask) for path in paths]
    deliveries = [delivery for part in found for delivery in part.deliveries]
    skipped = [entry for part in found for entry in part.skipped]
    if not deliveries:
        left_out = "; ".join(f"{name} ({why})" for name, why in skipped[:20])
        raise SourceError(f"nothing to ingest; left out: {left_out or 'nothing'}")
    return Discovery(tuple(sorted(deliveries, key=_order)), tuple(skipped))


def _order(delivered: Delivered) -> int:
    return [*KINDS, ""].index(delivered.kind)


def _look(path: Path, ask: _Ask) -> Discovery:
    if path.is_dir():
        return _folder(path, ask)
    if path.is_symlink():
        raise SourceError(f"{path}: symbolic links are not followed")
    if not path.exists():
        raise SourceError(f"{path}: there is no such file or folder")
    if not path.is_file():
        raise SourceError(f"{path}: neither a file nor a folder")
    if path.suffix.lower() == ".zip":
        return _archive(path, ask)
    return Discovery((_file(path, "", path.name, ask),), ())


def _folder(folder: Path, ask: _Ask) -> Discovery:
    taken: list[Delivered] = []
    skipped: list[tuple[str, str]] = []
    for path in sorted(folder.iterdir()):
        if why := _why_not(path):
            skipped.append((path.name, why))
        else:
            _agree(path.name, ask)
            taken.append(_file(path, "", path.name, ask))
    return Discovery(tuple(taken), tuple(skipped))


def _why_not(path: Path) -> str:
    if path.is_symlink():
        return "a symbolic link"
    if not path.is_file():
        return "a folder inside the folder" if path.is_dir() else "no regular file"
    return "" if nasa.named(path.name) else "none of NASA's names"


def _archive(path: Path, ask: _Ask) -> Discovery:
    try:
        names = archives.members(path, ask.limits)
    except UnreadableError as error:
        return Discovery((_unreadable(path, error, ask),), ())
    taken = [name for name in names if nasa.named(_base(name))]
    if not taken and ask.fleet and ask.kind:
        taken = [name for name in names if _layout(_base(name))]
    for name in taken:
        if nasa.named(_base(name)):
            _agree(_base(name), ask)
    skipped = [(f"{path.name}/{name}", "none of NASA's names") for name in names]
    left = [entry for entry, name in zip(skipped, names, strict=True) if name not in taken]
    deliveries = [_file(path, name, _base(name), ask) for name in taken]
    return Discovery(tuple(deliveries), tuple(left))


def _file(path: Path, member: str, name: str, ask: _Ask) -> Delivered:
    known, layout = nasa.named(name), _layout(name)
    fleet = ask.fleet or (known.fleet if known else None)
    kind = ask.kind or (known.kind if known else None)
    if layout is None:
        raise SourceError(f"{path}: unknown kind of file; known: {', '.join(_LAYOUTS)}, .zip")
    if fleet is None or kind is None:
        raise SourceError(
            f"{path}: its name does not say fleet and kind; give --fleet and --kind "
            f"({', '.join(KINDS)})"
        )
    prefix = known.prefix if known and known.kind == kind else nasa.prefix_of(kind)
    prefix = prefix if layout == "numbered" else ""
    sha256, reason, detail = _identity(path, member, ask.limits)
    return Delivered(
        str(path), member, fleet, kind, sha256, layout, prefix, reason=reason, detail=detail
    )


def _identity(path: Path, member: str, limits: Limits) -> tuple[str, str, str]:
    """sha256 of the content; where it cannot be read, of the file, with reason and detail."""
    try:
        return archives.digest(path, member, limits), "", ""
    except UnreadableError as error:
        return archives.file_digest(path), error.fault.reason.value, error.fault.detail
    except OSError as error:
        return "", Reason.BROKEN_FILE.value, error.strerror or str(error)


def _unreadable(path: Path, error: UnreadableError, ask: _Ask) -> Delivered:
    return Delivered(
        str(path),
        "",
        ask.fleet or "",
        ask.kind or "",
        archives.file_digest(path),
        "numbered",
        reason=error.fault.reason.value,
        detail=error.fault.detail,
    )


def _agree(name: str, ask: _Ask) -> None:
    """A kind given for many files at once must not turn one of them into another kind."""
    known = nasa.named(name)
    if known and ask.kind and ask.kind != known.kind:
        raise SourceError(f"{name} is {known.kind} by its name, not {ask.kind}")


def _layout(name: str) -> Layout | None:
    return _LAYOUTS.get(Path(name.lower().removesuffix(".gz")).suffix)


def _base(member: str) -> str:
    return PurePosixPath(member).name


def _fleet(fleet: str | None) -> str | None:
    if fleet is not None and not _FLEET.fullmatch(fleet):
        raise SourceError(
            f"fleet {fleet!r}: letters, digits, dot, dash and underscore, 1 to 64, "
            "starting with a letter or digit"
        )
    return fleet


def _kind(kind: str | None) -> str | None:
    if kind is not None and kind not in KINDS:
        raise SourceError(f"kind {kind!r}: one of {', '.join(KINDS)}")
    return kind
