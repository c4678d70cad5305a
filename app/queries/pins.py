"""The lake at one snapshot, without reading the list of snapshots anew for every callback."""

from threading import RLock

from cachetools import LRUCache, cached

from lakehouse.lake import Lake
from lakehouse.snapshots import Pinned, pin

SNAPSHOTS = "ops/snapshots"


def pinned(lake: Lake, as_of: int | None = None) -> Pinned:
    """The lake at snapshot ``as_of``, the newest by default.

    Raises:
        LookupError: there is no such snapshot.
    """
    return _newest(lake, lake.version(SNAPSHOTS)) if as_of is None else _at(lake, as_of)


@cached(LRUCache(8), lock=RLock())
def _newest(lake: Lake, _version: int | None) -> Pinned:
    # The version is the key: the newest snapshot changes only with a new version of their table.
    return pin(lake)


@cached(LRUCache(64), lock=RLock())
def _at(lake: Lake, seq: int) -> Pinned:
    # A snapshot is written once, so this answer never ages.
    return pin(lake, seq)
