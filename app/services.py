"""What a page may use: one object that the factory makes and hands to every page."""

from dataclasses import dataclass

from app.queries import pins
from lakehouse.audit import AuditLog
from lakehouse.lake import Lake
from lakehouse.profiles import Profile
from lakehouse.runs import RunStore
from lakehouse.settings import Settings
from lakehouse.snapshots import Pinned
from lakehouse.users import UserStore


@dataclass(frozen=True)
class Services:
    """Settings, stores and logs of one running dashboard."""

    settings: Settings
    profile: Profile
    lake: Lake
    runs: RunStore
    audit: AuditLog
    users: UserStore

    def pinned(self, as_of: int | None = None) -> Pinned:
        """The lake at a snapshot, the newest by default.

        Raises:
            LookupError: there is no such snapshot.
        """
        return pins.pinned(self.lake, as_of)
