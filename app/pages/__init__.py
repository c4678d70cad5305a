"""The pages: one file each with Ids, PATH, TITLE, NAV, layout() and register()."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.queries.as_of import asked

Theme = Literal["light", "dark"]


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
