"""The clock speaks: backups, reconciliation and restore drills fall due."""

from typing import Literal

from events.message import Message


class BackupDue(Message):
    kind: Literal["BackupDue"] = "BackupDue"
    tier: Literal["hourly", "daily"]


class ReconcileDue(Message):
    kind: Literal["ReconcileDue"] = "ReconcileDue"


class RestoreDrillDue(Message):
    kind: Literal["RestoreDrillDue"] = "RestoreDrillDue"


class BackupTaken(Message):
    """A complete backup lies in the backups bucket under this name."""

    kind: Literal["BackupTaken"] = "BackupTaken"
    backup: str
    rows: int
    models: int
