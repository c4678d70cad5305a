"""Users: names, roles, password hashes and one-time sign-in links, in one private SQLite file."""

import functools
import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from werkzeug.security import check_password_hash, generate_password_hash

from lakehouse.clock import now

ROLES = ("operator", "engineer", "auditor", "admin")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
LINK_HOURS = 24

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL, password TEXT,
    active INTEGER NOT NULL DEFAULT 1, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS links (
    hash TEXT PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE, expires REAL NOT NULL, used REAL);
CREATE TABLE IF NOT EXISTS sessions (
    hash TEXT PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE, created REAL NOT NULL,
    seen REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tries (
    id INTEGER PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE, address TEXT NOT NULL,
    time REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL, hash TEXT NOT NULL,
    created REAL NOT NULL, expires REAL NOT NULL, used REAL, revoked REAL);
CREATE INDEX IF NOT EXISTS tries_time ON tries (time);
"""
_OPENING = threading.Lock()


@functools.cache
def _nobody() -> str:
    """Checked when there is no such user, so that a missing one takes as long as a wrong password.

    A hash is as slow to make as to check; a process that asks for no password makes none.
    """
    return generate_password_hash(secrets.token_hex())


class UserError(ValueError):
    """A user cannot be added or changed so; the message says why."""


@dataclass(frozen=True)
class User:
    """Who acts, as what: operator, engineer, auditor or admin."""

    name: str
    role: str


@dataclass(frozen=True)
class Account:
    """One user as an administrator sees it; never the password hash."""

    name: str
    role: str
    active: bool
    has_password: bool


@dataclass(frozen=True)
class OneTimeLink:
    """A sign-in token that works once; only its hash is stored."""

    user: User
    token: str


class UserStore:
    """The users of one home; safe for several processes and threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    @property
    def database(self) -> sqlite3.Connection:
        """This thread's connection; sessions, failed tries and tokens are in the same file."""
        # A connection must not cross a fork.
        if getattr(self._local, "process", None) != os.getpid():
            self._local.connection = _connect(self._path)
            self._local.process = os.getpid()
        connection: sqlite3.Connection = self._local.connection
        return connection

    def add(self, name: str, role: str, password: str | None = None) -> User:
        """Add a user; without a password they sign in by a one-time link first.

        Raises:
            UserError: name, role or password is not allowed, or the name is taken.
        """
        if not NAME.fullmatch(name):
            raise UserError(
                "a name has 1 to 64 letters, digits, dots, dashes or underscores "
                "and begins with a letter or digit"
            )
        row = (name, _role(role), _hash(password), now().timestamp())
        try:
            self._write(
                "INSERT INTO users (name, role, password, created) VALUES (?, ?, ?, ?)", row
            )
        except sqlite3.IntegrityError:
            raise UserError(f"there is a user {name} already") from None
        return User(name, role)

    def accounts(self) -> list[Account]:
        """All users, oldest first."""
        query = "SELECT name, role, active, password IS NOT NULL FROM users ORDER BY rowid"
        rows = self.database.execute(query)
        return [Account(name, role, bool(active), bool(has)) for name, role, active, has in rows]

    def account(self, name: str) -> Account:
        """One user.

        Raises:
            UserError: there is no such user.
        """
        found = [one for one in self.accounts() if one.name.lower() == name.lower()]
        if not found:
            raise UserError(f"there is no user {name[:64]}")
        return found[0]

    def verify(self, name: str, password: str) -> User | None:
        """The user if the password is theirs; takes as long when there is no such user."""
        query = "SELECT name, role, password, active FROM users WHERE name = ?"
        row = self.database.execute(query, (name,)).fetchone()
        nobody = _nobody()  # before it is known whether it is needed
        stored = row[2] if row and row[2] else nobody
        right = check_password_hash(stored, password[: LONGEST_PASSWORD + 1])
        return User(row[0], row[1]) if right and row and row[3] else None

    def set_password(self, name: str, password: str) -> None:
        """Give a user a new password.

        Raises:
            UserError: the password is too short or too long, or there is no such user.
        """
        hashed = _hash(password)
        self._change("UPDATE users SET password = ? WHERE name = ?", name, hashed)

    def set_role(self, name: str, role: str) -> None:
        """Give a user another role, at once also in their open sessions.

        Raises:
            UserError: no such user or role, or nobody would be left to manage users.
        """
        self._change("UPDATE users SET role = ? WHERE name = ?", name, _role(role))

    def set_active(self, name: str, active: bool) -> None:
        """Let a user in, or shut them out and end their sessions, links and tokens.

        Raises:
            UserError: no such user, or nobody would be left to manage users.
        """
        self._change("UPDATE users SET active = ? WHERE name = ?", name, active)
        if not active:
            self._write("DELETE FROM sessions WHERE user = ?", (name,))
            self._write("DELETE FROM links WHERE user = ?", (name,))
            ended = "UPDATE tokens SET revoked = ? WHERE user = ? AND revoked IS NULL"
            self._write(ended, (now().timestamp(), name))

    def any_password(self) -> bool:
        """Whether somebody who may sign in has a password."""
        query = "SELECT 1 FROM users WHERE active AND password IS NOT NULL LIMIT 1"
        return self.database.execute(query).fetchone() is not None

    def one_time_link(self, name: str) -> OneTimeLink:
        """A fresh sign-in token for a user; older ones of theirs stop working.

        Raises:
            UserError: there is no such user, or they are shut out.
        """
        account = self.account(name)
        if not account.active:
            raise UserError(f"{account.name} is shut out")
        token = secrets.token_urlsafe(32)
        expires = now().timestamp() + LINK_HOURS * 3600
        with self.database as database:
            database.execute("DELETE FROM links WHERE user = ?", (account.name,))
            database.execute(
                "INSERT INTO links VALUES (?, ?, ?, NULL)", (digest(token), account.name, expires)
            )
        return OneTimeLink(User(account.name, account.role), token)

    def redeem(self, token: str) -> User | None:
        """The user whose link this is, the first time and in time; otherwise None."""
        time = now().timestamp()
        query = (
            "UPDATE links SET used = ? WHERE hash = ? AND used IS NULL AND expires > ? "
            "AND user IN (SELECT name FROM users WHERE active) RETURNING user"
        )
        with self.database as database:
            row = database.execute(query, (time, digest(token), time)).fetchone()
        if row is None:
            return None
        account = self.account(row[0])
        return User(account.name, account.role)

    def first_start_links(self) -> list[OneTimeLink]:
        """A link for everyone who cannot sign in otherwise.

        While there is no user at all, one for each role is added first, without a password.
        """
        if not self.accounts():
            for role in ROLES:
                self.add(role, role)
        locked_out = [one for one in self.accounts() if one.active and not one.has_password]
        return [self.one_time_link(one.name) for one in locked_out]

    def _write(self, query: str, values: Iterable[Any]) -> int:
        with self.database as database:
            return database.execute(query, tuple(values)).rowcount

    def _change(self, query: str, name: str, value: Any) -> None:
        with self.database as database:
            database.execute("BEGIN IMMEDIATE")
            before = _admins(database)
            if database.execute(query, (value, name)).rowcount == 0:
                raise UserError(f"there is no user {name[:64]}")
            if before and not _admins(database):
                raise UserError("nobody would be left to manage users")


def digest(token: str) -> str:
    """What is stored of a secret token."""
    return sha256(token.encode()).hexdigest()


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite gives its side files the mode of the database, so it must be private from the start.
    # Only a new file is opened: to close another one would drop the locks of all connections that
    # this process has to it, and the next process to leave would delete the log that they write.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)
    connection = sqlite3.connect(path, timeout=10.0)
    # SQLite waits for no other connection that switches a new file to WAL: it fails at once.
    with _OPENING:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_SCHEMA)
    return connection


def _admins(database: sqlite3.Connection) -> int:
    query = "SELECT count(*) FROM users WHERE role = 'admin' AND active"
    return int(database.execute(query).fetchone()[0])


def _role(role: str) -> str:
    if role not in ROLES:
        raise UserError(f"a role is one of {', '.join(ROLES)}")
    return role


def _hash(password: str | None) -> str | None:
    if password is None:
        return None
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UserError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return generate_password_hash(password)
