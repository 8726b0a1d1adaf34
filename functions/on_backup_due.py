"""A backup is due: dump the catalogue, copy the champions, let old backups go."""

from events.upkeep import BackupDue, BackupTaken
from medloop.aws.announcements import announce
from medloop.aws.door import door, logger
from medloop.platform import catalogue, now
from medloop.recovery import prune, take_backup
from medloop.rules.backups import Retention
from medloop.settings import settings


def on_backup_due(body: str) -> None:
    due = BackupDue.model_validate_json(body)
    bucket = settings().backups_bucket
    contents = take_backup(catalogue(), settings().models_bucket, bucket, due.tier, now())
    pruned = prune(bucket, Retention())
    rows = sum(table.rows for table in contents.tables.values())
    fact = BackupTaken(backup=contents.backup, rows=rows, models=len(contents.champions))
    announce(settings().event_bus_name, fact)
    logger.info("backup taken", backup=contents.backup, rows=rows, pruned=pruned)


handler = door(on_backup_due)
