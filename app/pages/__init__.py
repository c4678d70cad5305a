"""The pages: one file each with Ids, PATH, TITLE, NAV, layout() and register()."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from app.queries.as_of import asked

Theme = Literal["light", "dark"]
Field = str | int | float | None
"""What one field of a form holds."""


class Named(TypedDict):
    """The id of a field of a form, whose ids tell the fields apart by their name."""

    name: str


class OfEngine(TypedDict):
    """Which engine a page shows, and at which snapshot; None for now."""

    fleet: str
    engine: str
    as_of: int | None


@dataclass(frozen=True)
class PageRequest:
    """One page view.

    Attributes:
        path: values of the path's variables, unquoted, never a file name.
        query: the URL's query, last value of each name.
        theme: light or dark, from the visitor's cookie.
        user: name of the signed-in user.
        role: operator, engineer, auditor or admin.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    theme: Theme
    user: str
    role: str

    @property
    def as_of(self) -> int | None:
        """The pinned snapshot, None for now."""
        return asked(self.query.get("as_of", ""))
