"""Backups: a home as one consistent folder or archive, taken while runs go on, and put back."""

from lakehouse.backups.store import BackupError
from lakehouse.backups.taking import Backup, back_up
from lakehouse.backups.unpacking import restore

__all__ = ["Backup", "BackupError", "back_up", "restore"]
