"""`medloop upload` and `medloop predict`: files into the uploads bucket, and what became of them."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import ClientError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from medloop.aws.clients import client
from medloop.catalogue.predictions import Prediction, predictions_of
from medloop.catalogue.projects import get_project
from medloop.catalogue.uploads import Upload, get_uploads
from medloop.cli.target import connect, console, done, stop
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue
from medloop.rules.intake import image_id
from medloop.rules.project import Project
from medloop.rules.reasons import Reason

THREADS = 8


@dataclass(frozen=True, repr=False)
class Transfer:
    file: Path
    key: str


@dataclass(frozen=True)
class Sent:
    file: Path
    upload: str
    """The upload's id in the catalogue."""
    fresh: bool
    """False where the same bytes lay there already."""


def upload(
    project: str,
    path: Annotated[Path, typer.Argument(exists=True, help="A folder of class folders, a folder or a file.")],
    label: Annotated[str, typer.Option(help="The class of everything under PATH.")] = "",
    wait: Annotated[bool, typer.Option(help="Wait for every file's verdict.")] = True,
) -> None:
    """Upload labelled images; what lies there already is skipped, so an interrupted upload just goes on.

    [dim]medloop upload chest ./images          (images/normal/…, images/pneumonia/…)
    medloop upload chest scan.dcm --label normal[/]
    """
    connect()
    transfers = list(labelled(known_project(project), path, label))
    sent = send(transfers)
    if wait:
        report(sent, verdicts(sent))


def predict(
    project: str,
    path: Annotated[Path, typer.Argument(exists=True, help="A file, or a folder of images.")],
    wait: Annotated[bool, typer.Option(help="Wait for the answers.")] = True,
) -> None:
    """Upload images for the project's champion to predict; they are never trained on."""
    connect()
    known_project(project)
    sent = send([Transfer(file, f"{project}/predict/{name}") for file, name in files_under(path)])
    if wait:
        accepted = report(sent, verdicts(sent))
        show_answers(sent, answers([s.upload for s in sent if s.upload in accepted]))


def known_project(name: str) -> Project:
    project = catalogue().read(lambda conn: get_project(conn, name))
    if project is None:
        stop(f"no project {name}", f"`medloop project create {name} --classes …` makes it")
    return project


def labelled(project: Project, path: Path, label: str) -> Iterator[Transfer]:
    for file, name in files_under(path):
        folder, _, rest = name.partition("/")
        if label:
            yield Transfer(file, f"{project.project}/labelled/{label}/{name}")
        elif rest:
            yield Transfer(file, f"{project.project}/labelled/{folder}/{rest}")
        else:
            stop(f"{file.name} lies in no class folder", "name its class with --label")


def files_under(path: Path) -> list[tuple[Path, str]]:
    """Every file with its name relative to `path`, hidden ones left out."""
    if path.is_file():
        return [(path, path.name)]
    files = sorted(file for file in path.rglob("*") if file.is_file())
    named = [(file, file.relative_to(path).as_posix()) for file in files]
    return [(file, name) for file, name in named if not any(p.startswith(".") for p in name.split("/"))]


def send(transfers: list[Transfer]) -> list[Sent]:
    if not transfers:
        stop("there is nothing to upload", "give a file, or a folder that holds some")
    bucket = connect().uploads_bucket
    sent: list[Sent] = []
    with bar() as progress, ThreadPoolExecutor(THREADS) as pool:
        task = progress.add_task("uploading", total=len(transfers))
        for one in pool.map(lambda transfer: put(bucket, transfer), transfers):
            sent.append(one)
            progress.advance(task)
    skipped = sum(not one.fresh for one in sent)
    done(f"{len(sent) - skipped} files uploaded" + (f", {skipped} were there already" if skipped else ""))
    return sent


def bar() -> Progress:
    name = TextColumn("{task.description:10}")
    return Progress(name, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console)


def put(bucket: str, transfer: Transfer) -> Sent:
    content = transfer.file.read_bytes()
    checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
    version = present(bucket, transfer.key, checksum)
    fresh = version is None
    if version is None:
        answer = client("s3").put_object(
            Bucket=bucket, Key=transfer.key, Body=content, ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum
        )
        version = str(answer.get("VersionId", "null"))
    return Sent(transfer.file, image_id(bucket, transfer.key, version), fresh)


def present(bucket: str, key: str, checksum: str) -> str | None:
    """The version that holds these very bytes already, or None."""
    try:
        head = client("s3").head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return None
        raise
    return str(head.get("VersionId", "null")) if head.get("ChecksumSHA256") == checksum else None


def verdicts(sent: list[Sent]) -> dict[str, Upload]:
    """Each upload's row, once every one of them is decided."""
    found: dict[str, Upload] = {}

    def decided() -> bool:
        missing = [one.upload for one in sent if one.upload not in found]
        rows = catalogue().read(lambda conn: get_uploads(conn, missing))
        found.update({row.id: row for row in rows if row.state != "received"})
        return len(found) >= len({one.upload for one in sent})

    wait_for("the intake", decided, seconds=60 + len(sent) * 0.5)
    return found


def report(sent: list[Sent], rows: dict[str, Upload]) -> set[str]:
    """Print what became of the files; the ids of those that were accepted."""
    states = Counter(rows[one.upload].state for one in sent)
    done(", ".join(f"{number} {state}" for state, number in sorted(states.items())))
    refused = [(one.file, rows[one.upload]) for one in sent if rows[one.upload].state == "quarantined"]
    if refused:
        table = Table("file", "reason", "what to do", box=None, header_style="bold")
        for file, row in refused[:20]:
            reason = Reason(row.reason or "")
            table.add_row(file.name, reason.value, reason.explanation.hint)
        console.print(table)
    return {row.id for row in rows.values() if row.state == "accepted"}


def answers(images: list[str]) -> dict[str, Prediction]:
    """Each image's newest prediction, once all have one."""
    found: dict[str, Prediction] = {}

    def answered() -> bool:
        missing = [image for image in images if image not in found]
        rows = catalogue().read(lambda conn: predictions_of(conn, missing))
        found.update({row.image: row for row in rows if row.state != "requested"})
        return len(found) == len(set(images))

    wait_for("the answers", answered, seconds=900)
    return found


def show_answers(sent: list[Sent], found: dict[str, Prediction]) -> None:
    table = Table("file", "label", "confidence", "model", box=None, header_style="bold")
    for one in sent:
        row = found.get(one.upload)
        if row is not None:
            confidence = "" if row.confidence is None else f"{row.confidence:.3f}"
            table.add_row(one.file.name, row.label or row.reason, confidence, f"v{row.model_version}")
    console.print(table)
