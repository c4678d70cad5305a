"""Back-off for sign-in tries, by user name and by network address."""

from dataclasses import dataclass

from lakehouse.clock import now
from lakehouse.users import UserStore, digest

FREE_PER_USER = 5
FREE_PER_ADDRESS = 20
LONGEST_WAIT = 300.0
_MEMORY = 900.0


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
