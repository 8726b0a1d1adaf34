"""Backups of the catalogue and the champions, and the way back from them."""

import gzip
from collections.abc import Iterable, Iterator
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from medloop.aws import objects
from medloop.catalogue import dump
from medloop.catalogue.connection import Catalogue
from medloop.catalogue.dump import Digest
from medloop.catalogue.models import Model, list_champions
from medloop.catalogue.secret import Connection
from medloop.rules.backups import Backup, Retention, Tier, backups_to_keep, parse_backup


class NoBackup(LookupError):
    """There is no complete backup, or none of this name."""


class NotRestored(RuntimeError):
    """What was restored is not what was backed up; the text names the tables."""


class Table(BaseModel):
    model_config = ConfigDict(frozen=True)

    rows: int
    sha256: str


class Champion(BaseModel):
    model_config = ConfigDict(frozen=True)

    project: str
    version: int
    artefact: str
    """Path in the models bucket."""


class Contents(BaseModel):
    """`backup.json`, written last: a folder without it is an interrupted backup and counts as none."""

    model_config = ConfigDict(frozen=True)

    backup: str
    taken_at: datetime
    tables: dict[str, Table]
    champions: tuple[Champion, ...]


def take_backup(catalogue: Catalogue, models_bucket: str, bucket: str, tier: Tier, at: datetime) -> Contents:
    """Dump the catalogue from one snapshot, copy each champion's model, then write the contents."""
    name = Backup(at.replace(microsecond=0), tier).name
    tables, champions = catalogue.read(lambda conn: _dump_into(conn, bucket, name))
    for champion in champions:
        copy = champion_copy(champion.project, champion.version)
        if not objects.exists(bucket, copy):
            objects.copy(f"s3://{models_bucket}/{champion.artefact}", bucket, copy)
    contents = Contents(backup=name, taken_at=at, tables=tables, champions=champions)
    objects.write(bucket, f"catalogue/{name}/backup.json", contents.model_dump_json(indent=2).encode())
    return contents


def _dump_into(conn: Connection, bucket: str, name: str) -> tuple[dict[str, Table], tuple[Champion, ...]]:
    tables = {}
    for table, lines in dump.dump(conn).items():
        rows = list(lines)
        content = gzip.compress("".join(row + "\n" for row in rows).encode(), mtime=0)
        objects.write(bucket, f"catalogue/{name}/{table}.jsonl.gz", content, "application/gzip")
        tables[table] = _table(dump.digest(rows))
    return tables, tuple(_champion(model) for model in list_champions(conn))


def _table(digest: Digest) -> Table:
    return Table(rows=digest.rows, sha256=digest.sha256)


def _champion(model: Model) -> Champion:
    return Champion(project=model.project, version=model.version, artefact=model.artefact)


def champion_copy(project: str, version: int) -> str:
    """Where a champion's copy lies in the backups bucket; shared by every backup that names it."""
    return f"models/{project}/{version}/model.tar.gz"


def list_backups(bucket: str) -> list[Backup]:
    """Complete backups, newest first."""
    found = (parse_backup(name) for name in objects.list_folders(bucket, "catalogue/"))
    return sorted(
        (b for b in found if b is not None and objects.exists(bucket, f"catalogue/{b.name}/backup.json")),
        reverse=True,
    )


def read_contents(bucket: str, name: str | None = None) -> Contents:
    """The contents of this backup, or of the newest.

    Raises:
        NoBackup
    """
    chosen = name or next((backup.name for backup in list_backups(bucket)), None)
    if chosen is None:
        raise NoBackup("the backups bucket holds no complete backup")
    try:
        return Contents.model_validate_json(objects.read(bucket, f"catalogue/{chosen}/backup.json"))
    except objects.ObjectGone:
        raise NoBackup(f"there is no complete backup {chosen}") from None


def restore_catalogue(catalogue: Catalogue, bucket: str, contents: Contents) -> None:
    """Load every table and compare it with what was dumped; repeatable after an interruption.

    Raises:
        NotRestored: a table differs, because the catalogue was not empty or an object was altered.
    """
    for table in contents.tables:
        dump.restore(catalogue, table, read_rows(bucket, contents.backup, table))
    restored = catalogue.read(dump.digests)
    wrong = [
        name
        for name, table in contents.tables.items()
        if _table(restored[name] if name not in dump.GROWING else _dumped(bucket, contents, name)) != table
    ]
    if wrong:
        raise NotRestored(f"differs from the backup: {', '.join(sorted(wrong))}")


def _dumped(bucket: str, contents: Contents, table: str) -> Digest:
    """Of the backup's own rows: those in the catalogue have become more meanwhile."""
    return dump.digest(read_rows(bucket, contents.backup, table))


def read_rows(bucket: str, name: str, table: str) -> Iterator[str]:
    content = gzip.decompress(objects.read(bucket, f"catalogue/{name}/{table}.jsonl.gz"))
    return (line for line in content.decode().split("\n") if line)


def restore_models(models_bucket: str, bucket: str, champions: Iterable[Champion]) -> int:
    """Put back the champions' artefacts that the models bucket lacks; how many."""
    missing = [champion for champion in champions if not objects.exists(models_bucket, champion.artefact)]
    for champion in missing:
        source = f"s3://{bucket}/{champion_copy(champion.project, champion.version)}"
        objects.copy(source, models_bucket, champion.artefact)
    return len(missing)


def prune(bucket: str, retention: Retention) -> int:
    """Delete the backups that the policy lets go, and model copies that no backup names; how many."""
    backups = list_backups(bucket)
    keep = backups_to_keep(backups, retention)
    for backup in set(backups) - keep:
        objects.delete(bucket, list(objects.list_keys(bucket, f"catalogue/{backup.name}/")))
    _prune_models(bucket, keep)
    return len(backups) - len(keep)


def _prune_models(bucket: str, kept: Iterable[Backup]) -> None:
    named = {
        champion_copy(champion.project, champion.version)
        for backup in kept
        for champion in read_contents(bucket, backup.name).champions
    }
    objects.delete(bucket, [key for key in objects.list_keys(bucket, "models/") if key not in named])


def drill(catalogue: Catalogue, bucket: str, schema: str) -> Contents:
    """Restore the newest backup beside the live tables, compare, and remove it again.

    Raises:
        NoBackup, NotRestored
    """
    contents = read_contents(bucket)
    rehearsal = catalogue.elsewhere(schema)
    try:
        restore_catalogue(rehearsal, bucket, contents)
    finally:
        rehearsal.drop()
        rehearsal.close()
    for champion in contents.champions:
        if not objects.exists(bucket, champion_copy(champion.project, champion.version)):
            raise NotRestored(f"the copy of {champion.project} version {champion.version} is missing")
    return contents
