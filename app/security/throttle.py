"""Back-off for sign-in tries, by user name and network address; a steady pace for the read API."""

from dataclasses import dataclass
from threading import Lock

from cachetools import LRUCache

from lakehouse.clock import now
from lakehouse.users import UserStore, digest

FREE_PER_USER = 5
FREE_PER_ADDRESS = 20
LONGEST_WAIT = 300.0
_MEMORY = 900.0
_MINUTE = 60.0
_MOST_KNOWN = 10_000


@dataclass(frozen=True)
class Try:
    """One sign-in try: its number, or how many seconds to wait before the next is looked at."""

    number: int | None
    wait: float = 0.0


def begin_try(users: UserStore, name: str, address: str) -> Try:
    """Count a try before it is looked at, so that many at once are counted too.

    Args:
        users: the users.
        name: the name that was typed, whether there is such a user or not; "" for a link.
        address: network address of the client.
    """
    # What was typed may be a password in the wrong field: only its hash is kept.
    user = digest(name.lower()) if name else ""
    time = now().timestamp()
    with users.database as database:
        database.execute("BEGIN IMMEDIATE")
        database.execute("DELETE FROM tries WHERE time < ?", (time - _MEMORY,))
        count = "SELECT count(*), max(time) FROM tries WHERE "
        by_user = database.execute(count + "user = ? AND user <> ''", (user,)).fetchone()
        by_address = database.execute(count + "address = ?", (address,)).fetchone()
        wait = max(_wait(by_user, FREE_PER_USER, time), _wait(by_address, FREE_PER_ADDRESS, time))
        if wait > 0:
            return Try(None, wait)
        insert = "INSERT INTO tries (user, address, time) VALUES (?, ?, ?)"
        return Try(database.execute(insert, (user, address, time)).lastrowid)


def forgive(users: UserStore, name: str, tried: Try) -> None:
    """The try was right: the user's wrong ones count no more, the address's still do."""
    with users.database as database:
        database.execute("DELETE FROM tries WHERE id = ?", (tried.number,))
        if name:
            query = "UPDATE tries SET user = '' WHERE user = ?"
            database.execute(query, (digest(name.lower()),))


def _wait(tries: tuple[int, float | None], free: int, time: float) -> float:
    count, newest = tries
    if newest is None or count < free:
        return 0.0
    return newest + min(2.0 ** (count - free), LONGEST_WAIT) - time


class Pace:
    """So many requests a minute and no more, for each who asks; counted in this process.

    A minute's worth may come at once; then one may follow whenever its part of a minute has passed.
    """

    def __init__(self, per_minute: int) -> None:
        self._step = _MINUTE / per_minute
        self._until: LRUCache[str, float] = LRUCache(_MOST_KNOWN)
        self._lock = Lock()

    def wait(self, who: str) -> float:
        """Count a request; the seconds by which it comes too early (then it counts not), or 0."""
        time = now().timestamp()
        with self._lock:
            until = max(self._until.get(who, 0.0), time) + self._step
            early = until - time - _MINUTE
            # A rounding error is not too early.
            if early > 1e-3:
                return early
            self._until[who] = until
            return 0.0
