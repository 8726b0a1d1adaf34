"""`medloop dataset`: freeze what there is into a version, look at versions, compare them, take them along."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from events.dataset import DatasetContents, Exclusion, Shard
from medloop.aws.datasets import (
    DatasetDamaged,
    download_version,
    read_contents,
    read_exclusions,
    read_samples,
)
from medloop.aws.shards import ArrayChanged
from medloop.catalogue.datasets import Dataset, datasets_named, list_datasets
from medloop.catalogue.uploads import get_uploads
from medloop.cli.quarantine import printable, time_of
from medloop.cli.target import connect, console, done, stop
from medloop.cli.uploads import known_project
from medloop.freezing import freeze_dataset
from medloop.platform import catalogue, now
from medloop.rules.candidates import SENTENCES, Left
from medloop.rules.dataset_changes import Change, Changes, compare
from medloop.rules.datasets import NotTrainable

SHORT_ID = 12

MOST_SHOWN = 20
"""Lines of each kind of change; --json has all."""

PAGE = 1000
"""Ids in one question to the catalogue."""

app = typer.Typer(help="Frozen versions of what is learnt from and judged on.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="JSON, with everything in it.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="A version's id, or how it begins.")]


@app.command()
def freeze(
    project: Annotated[str, typer.Argument(help="The project's name.")],
    as_json: JsonOption = False,
) -> None:
    """Freeze every labelled image that is there now into a version that never changes.

    The same images with the same labels are the same version: freezing them twice packs nothing twice. A
    patient stays on the side of the split that it was first put on.

    [dim]medloop dataset freeze chest[/]
    """
    settings = connect()
    wanted = known_project(project)
    try:
        with bar("packing") as progress:
            task = progress.add_task("packing", total=None)
            frozen = freeze_dataset(
                wanted,
                catalogue(),
                settings.curated_bucket,
                now(),
                lambda packed, total: progress.update(task, completed=packed, total=total),
            )
    except NotTrainable as error:
        show_left(error.excluded)
        stop(str(error), "upload more images, or their labels; the table says why images are left out")
    except ArrayChanged as error:
        stop(str(error), "restore that array from its earlier version in the curated bucket")
    if as_json:
        print(frozen.contents.model_dump_json())
        return
    show_contents(frozen.contents)
    short = frozen.dataset.id[:SHORT_ID]
    done(f"version {short} is frozen" if frozen.is_new else f"version {short} was frozen before")


@app.command("list")
def list_all(
    project: Annotated[str | None, typer.Argument(help="Only this project's.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per version.")] = False,
) -> None:
    """Versions, the latest first."""
    connect()
    rows = catalogue().read(lambda conn: list_datasets(conn, project, limit))
    if as_json:
        for row in rows:
            print(as_line(row))
        return
    console.print(table_of(rows))


@app.command()
def show(
    version: Version,
    left_out: Annotated[bool, typer.Option("--excluded", help="Name each image that is left out.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What a version holds: balance, where its labels come from, and what it leaves out and why.

    [dim]medloop dataset show 3f9a1c
    medloop dataset show 3f9a1c --excluded     (your own file names, to you alone)[/]
    """
    row = identified(version)
    bucket = connect().curated_bucket
    contents = complete(bucket, row)
    exclusions = read_exclusions(bucket, row.project, row.id)
    if as_json:
        told = contents.model_dump(mode="json")
        print(json.dumps({**told, "exclusions": [one.model_dump(mode="json") for one in exclusions]}))
        return
    show_contents(contents)
    if left_out:
        console.print(exclusion_table(exclusions, names_of(exclusions)))


@app.command()
def diff(before: Version, after: Version, as_json: JsonOption = False) -> None:
    """What one version has that the other has not: images, labels, masks.

    [dim]medloop dataset diff 3f9a1c 77b0e2[/]
    """
    old, new = identified(before), identified(after)
    if old.project != new.project:
        stop(f"{old.project} and {new.project} are two projects", "compare two versions of one")
    bucket = connect().curated_bucket
    try:
        earlier = read_samples(bucket, old.project, old.id)
        later = read_samples(bucket, new.project, new.id)
    except DatasetDamaged as error:
        stop(str(error), REMEDY)
    changes = compare(earlier, later, read_exclusions(bucket, new.project, new.id))
    if as_json:
        print(changes_line(old.id, new.id, changes))
        return
    show_changes(changes)


@app.command()
def export(
    version: Version,
    folder: Annotated[
        Path, typer.Argument(metavar="OUT", help="A folder; made if need be.", file_okay=False)
    ],
) -> None:
    """Copy a version to this machine: manifest.jsonl, dataset.json and the shards, all verified.

    A shard is a tar of arrays: webdataset reads it, and so does `tar xf`. An interrupted export goes on
    where it stopped.

    [dim]medloop dataset export 3f9a1c ./chest-3f9a1c[/]
    """
    row = identified(version)
    bucket = connect().curated_bucket
    contents = complete(bucket, row)
    try:
        with bar("copying") as progress:
            task = progress.add_task("copying", total=contents.samples)

            def copied(shard: Shard) -> None:
                progress.advance(task, shard.samples)

            download_version(bucket, contents, folder, copied)
    except DatasetDamaged as error:
        stop(str(error), REMEDY)
    size = sum(shard.size for shard in contents.shards)
    done(f"{contents.samples} samples, {size / 2**20:.1f} MiB in {len(contents.shards)} shards: {folder}")


REMEDY = "the bucket keeps earlier versions of every object: restore the one that was frozen"


def identified(beginning: str) -> Dataset:
    connect()
    if not re.fullmatch(r"[0-9a-f]{4,64}", beginning.lower()):
        stop(f"{beginning} is no version", "an id has 64 hexadecimal digits; the first four or more will do")
    rows = catalogue().read(lambda conn: datasets_named(conn, beginning.lower()))
    if len(rows) != 1:
        problem = "several versions' ids begin" if rows else "no version's id begins"
        stop(f"{problem} with {beginning}", "`medloop dataset list` shows them; type more of it")
    return rows[0]


def complete(bucket: str, row: Dataset) -> DatasetContents:
    contents = read_contents(bucket, row.project, row.id)
    if contents is None:
        stop(f"{row.id[:SHORT_ID]} is from before versions had shards", "freeze the project again")
    return contents


def bar(what: str) -> Progress:
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


def table_of(rows: Iterable[Dataset]) -> Table:
    table = Table("version", "project", "frozen", "samples", "left out", "MiB", box=None, header_style="bold")
    for row in rows:
        left = "" if row.excluded is None else str(row.excluded)
        size = "" if row.bytes is None else f"{row.bytes / 2**20:.1f}"
        table.add_row(row.id[:SHORT_ID], row.project, time_of(row.created_at), str(row.samples), left, size)
    return table


def as_line(row: Dataset) -> str:
    told = {**vars(row), "counts": json.loads(row.counts)}
    return json.dumps(told, default=lambda moment: moment.isoformat())


def show_contents(contents: DatasetContents) -> None:
    kind = "volumes" if contents.spatial_dims == 3 else "pictures"
    console.print(
        f"[bold]{contents.dataset}[/]\n{contents.project}: {contents.samples} {kind} of "
        f"{contents.groups} patients, {len(contents.shards)} shards",
        highlight=False,
        soft_wrap=True,
    )
    console.print(balance_table(contents.balance))
    origins = (
        f"{count} by {name if name == 'folder' else f'table {name[:SHORT_ID]}'}"
        for name, count in contents.sources.items()
    )
    console.print("labels: " + ", ".join(origins), highlight=False)
    if contents.unmatched_labels:
        console.print(f"{contents.unmatched_labels} labels wait for their images", highlight=False)
    show_left(contents.excluded)


def balance_table(balance: Mapping[Any, Mapping[str, int]]) -> Table:
    """A row a class, a column a side."""
    table = Table("class", *balance, "in all", box=None, header_style="bold")
    for label in sorted({label for counts in balance.values() for label in counts}):
        counts = [counts.get(label, 0) for counts in balance.values()]
        table.add_row(escape(label), *map(str, counts), str(sum(counts)))
    return table


def show_left(excluded: Mapping[str, int]) -> None:
    if not excluded:
        return
    table = Table("left out", "reason", "that is", box=None, header_style="bold")
    for reason, count in sorted(excluded.items(), key=lambda pair: -pair[1]):
        table.add_row(str(count), reason, sentence(reason))
    console.print(table)


def sentence(reason: str) -> str:
    return SENTENCES[Left(reason)] if reason in set(Left) else ""


def names_of(exclusions: Iterable[Exclusion]) -> dict[str, str]:
    """Image → the key that it was uploaded to; a volume of a series has none."""
    ids, found = [one.image for one in exclusions], dict[str, str]()
    for start in range(0, len(ids), PAGE):
        rows = catalogue().read(partial(get_uploads, ids=ids[start : start + PAGE]))
        found |= {row.id: row.key for row in rows}
    return found


def exclusion_table(exclusions: Iterable[Exclusion], names: Mapping[str, str]) -> Table:
    table = Table("image", "reason", "like", "file", box=None, header_style="bold")
    for one in exclusions:
        file = escape(printable(names.get(one.image, "")))
        table.add_row(one.image[:SHORT_ID], one.reason, (one.like or "")[:SHORT_ID], file)
    return table


def show_changes(changes: Changes) -> None:
    if not any(changes.counts.values()):
        done(f"no difference: {changes.kept} images in both")
        return
    words = (f"{count} {name}" for name, count in changes.counts.items() if count)
    console.print(f"{changes.kept} images in both; " + ", ".join(words), highlight=False)
    for cause, count in changes.causes.items():
        meaning = sentence(cause)
        console.print(f"  {count} removed: {cause}" + (f" ({meaning})" if meaning else ""), highlight=False)
    show_each("label", changes.relabelled)
    show_each("side", changes.moved)


def show_each(what: str, changes: tuple[Change, ...]) -> None:
    for one in changes[:MOST_SHOWN]:
        text = f"  {one.image[:SHORT_ID]}  {what} {escape(one.before)} → {escape(one.after)}"
        console.print(text, highlight=False)
    if len(changes) > MOST_SHOWN:
        console.print(f"  … and {len(changes) - MOST_SHOWN} more", highlight=False)


def changes_line(before: str, after: str, changes: Changes) -> str:
    """JSON with every image named."""
    return json.dumps(
        {
            "before": before,
            "after": after,
            "kept": changes.kept,
            **changes.counts,
            "removed_because": changes.causes,
            "images": {
                "added": [one.image for one in changes.added],
                "removed": [vars(one) for one in changes.removed],
                "relabelled": [vars(one) for one in changes.relabelled],
                "moved": [vars(one) for one in changes.moved],
                "remasked": list(changes.remasked),
            },
        }
    )
