"""Personal access tokens: what a script signs in with, made and taken back by its user.

A token reads ``sw_<id>_<secret>``. The id is no secret: lists and logs name a token by it, and a
leaked one is found by it. Of the secret only the hash is stored; it has so many random bits that a
slow hash would add nothing.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lakehouse.clock import now
from lakehouse.users import User, UserStore, digest

DAYS = 90
MOST_DAYS = 365
MOST_TOKENS = 20
LONGEST_NAME = 64
_FORM = re.compile(r"sw_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
# What a text is compared with where there is no such token.
_NOTHING = digest(secrets.token_hex())
_LISTED = (
    "SELECT id, user, name, created, expires, used, revoked FROM tokens "
    "WHERE user = ? OR ? IS NULL ORDER BY rowid DESC"
)
_HELD = (
    "SELECT hash, active, role, id, user, tokens.name, tokens.created, expires, used, revoked "
    "FROM tokens LEFT JOIN users ON users.name = tokens.user WHERE id = ?"
)
# A token's last use is written down this often, so that most requests only read.
_USED_EVERY = 60.0


class TokenError(ValueError):
    """A token cannot be made or taken back so; the message says why."""


@dataclass(frozen=True)
class Token:
    """One token as its user sees it; never the secret.

    Attributes:
        token_id: names it.
        user: whose it is.
        name: what it is for, in the user's words.
        created: when it was made.
        expires: when it ends.
        used: about when it was used last, None for never.
        revoked: when it was taken back, None while it was not.
    """

    token_id: str
    user: str
    name: str
    created: datetime
    expires: datetime
    used: datetime | None = None
    revoked: datetime | None = None

    @property
    def state(self) -> str:
        """``live``, ``revoked`` or ``expired``."""
        if self.revoked is not None:
            return "revoked"
        return "live" if now() < self.expires else "expired"


@dataclass(frozen=True)
class Draft:
    """A token with its secret text, which is shown once and kept nowhere."""

    token: Token
    text: str


@dataclass(frozen=True)
class Checked:
    """Whom a token lets in, or why it lets nobody in.

    Attributes:
        user: its user with the role they have now, None when it is refused.
        token: which one it is, None when it is none of ours.
        refusal: why it is refused and what to do, empty when it is good.
    """

    user: User | None = None
    token: Token | None = None
    refusal: str = ""


def draft_token(users: UserStore, user: str, name: str, days: int = DAYS) -> Draft:
    """A new token that is not kept yet, so that it can be written down first by its id.

    Args:
        users: the users.
        user: whose it is to be.
        name: what it is for.
        days: how long it lives.

    Raises:
        TokenError: name or lifetime is not allowed, or the user is shut out or has enough.
        UserError: there is no such user.
    """
    account, name = users.account(user), name.strip()
    if not account.active:
        raise TokenError(f"{account.name} is shut out")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise TokenError(f"a token's name has 1 to {LONGEST_NAME} printable characters")
    if not 1 <= days <= MOST_DAYS:
        raise TokenError(f"a token lives for 1 to {MOST_DAYS} days")
    if sum(one.state == "live" for one in list_tokens(users, account.name)) >= MOST_TOKENS:
        raise TokenError(f"{account.name} has {MOST_TOKENS} tokens: revoke one first")
    token_id, time = secrets.token_hex(6), now()
    token = Token(token_id, account.name, name, time, time + timedelta(days=days))
    return Draft(token, f"sw_{token_id}_{secrets.token_urlsafe(32)}")


def keep_token(users: UserStore, draft: Draft) -> None:
    """Let a token live from now on; those that ended a year ago are forgotten."""
    token = draft.token
    times = token.created.timestamp(), token.expires.timestamp()
    row = (token.token_id, token.user, token.name, digest(draft.text), *times)
    with users.database as database:
        long_ago = token.created - timedelta(days=MOST_DAYS)
        database.execute("DELETE FROM tokens WHERE expires < ?", (long_ago.timestamp(),))
        database.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)", row)


def list_tokens(users: UserStore, user: str | None = None) -> list[Token]:
    """The tokens of one user, or of all, newest first; those that ended are among them."""
    return [_token(row) for row in users.database.execute(_LISTED, (user, user))]


def revoke_token(users: UserStore, token_id: str, user: str | None = None) -> Token:
    """Take a token back, at once and for good.

    Args:
        users: the users.
        token_id: the token.
        user: it must be theirs; None: it may be anybody's.

    Raises:
        TokenError: there is no such token, or it was taken back before.
    """
    token = find_token(users, token_id, user)
    query = "UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL"
    with users.database as database:
        if database.execute(query, (now().timestamp(), token.token_id)).rowcount == 0:
            raise TokenError(f"token {token.token_id} was revoked before")
    return find_token(users, token_id, user)


def find_token(users: UserStore, token_id: str, user: str | None = None) -> Token:
    """One token, by default of whichever user.

    Raises:
        TokenError: there is no such token.
    """
    found = [one for one in list_tokens(users, user) if one.token_id == token_id]
    if not found:
        raise TokenError(f"there is no token {token_id[:64]}")
    return found[0]


def check_token(users: UserStore, text: str) -> Checked:
    """Whom a token lets in; how long this takes tells nothing about the secrets of others."""
    form = _FORM.fullmatch(text)
    row = users.database.execute(_HELD, (form[1] if form else "",)).fetchone()
    # Compared whether there is such a token or not, and never by the database.
    same = hmac.compare_digest(digest(text), row[0] if row else _NOTHING)
    if row is None or not same:
        return Checked(refusal="This token is not known. Make one on the page Account.")
    active, role, token = bool(row[1]), row[2], _token(row[3:])
    if token.state != "live" or not active:
        return Checked(None, token, f"{_ended(token)} Make another one on the page Account.")
    _note_use(users, token)
    return Checked(User(token.user, role), token)


def _ended(token: Token) -> str:
    if token.state == "revoked":
        return "This token was revoked."
    if token.state == "expired":
        return f"This token expired on {token.expires:%Y-%m-%d}."
    return "The user of this token may not sign in any more."


def _note_use(users: UserStore, token: Token) -> None:
    time = now()
    if token.used is None or (time - token.used).total_seconds() > _USED_EVERY:
        with users.database as database:
            query = "UPDATE tokens SET used = ? WHERE id = ?"
            database.execute(query, (time.timestamp(), token.token_id))


def _token(row: tuple[str, str, str, float, float, float | None, float | None]) -> Token:
    token_id, user, name, created, expires, used, revoked = row
    return Token(
        token_id,
        user,
        name,
        _time(created),
        _time(expires),
        None if used is None else _time(used),
        None if revoked is None else _time(revoked),
    )


def _time(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
