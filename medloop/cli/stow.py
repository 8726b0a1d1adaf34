"""`medloop stow`: results into the archive."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from medloop.cli.target import console, done, errors, stop
from medloop.inspection.walk import walk
from medloop.pacs.batches import is_dicom, parcels
from medloop.pacs.stow import Archive, ArchiveUnreachable, store


def stow(
    source: Annotated[Path, typer.Argument(exists=True, help="A file or a folder.", metavar="RESULTS")],
    to: Annotated[str, typer.Option(help="The archive's DICOMweb address.", metavar="URL")],
    user: Annotated[
        str, typer.Option(help="NAME:PASSWORD; better in the environment.", envvar="MEDLOOP_ARCHIVE_USER")
    ] = "",
    token: Annotated[
        str, typer.Option(help="A bearer token; better in the environment.", envvar="MEDLOOP_ARCHIVE_TOKEN")
    ] = "",
    ca: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Certificate authorities, PEM.")
    ] = None,
) -> None:
    """Store the DICOM files of a folder in an archive (PACS), by DICOMweb STOW-RS.

    Other files are passed over. Storing again what is there already changes nothing, so that an interrupted
    command is simply repeated. Run it in house, on what `medloop reidentify` wrote.

    [dim]medloop stow ./home --to https://pacs.example/dicom-web --ca hospital-ca.pem[/]
    """
    files = [Path(file) for file in walk([source]) if is_dicom(Path(file))]
    if not files:
        stop(f"{escape(str(source))} holds no DICOM file", "name what `medloop reidentify` wrote")
    archive = Archive(to.rstrip("/"), token, credentials(user), ca).client()
    refused: dict[Path, str] = {}
    try:
        with Progress(*columns(), console=errors, transient=True, disable=not errors.is_terminal) as progress:
            bar = progress.add_task("", total=len(files))
            for parcel in parcels(files):
                refused |= store(archive, parcel)
                progress.advance(bar, len(parcel))
    except ArchiveUnreachable as error:
        stop(str(error), "the same command goes on, once that is mended")
    for file, why in refused.items():
        console.print(f"[yellow]not stored[/] {escape(str(file))}: {why}", highlight=False, soft_wrap=True)
    done(f"{len(files) - len(refused)} of {len(files)} objects are in the archive")
    raise typer.Exit(1 if refused else 0)


def credentials(user: str) -> tuple[str, str] | None:
    name, colon, password = user.partition(":")
    if user and not colon:
        stop("--user has no password", "NAME:PASSWORD")
    return (name, password) if user else None


def columns() -> tuple[TextColumn, BarColumn, MofNCompleteColumn, TimeElapsedColumn]:
    return TextColumn("storing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
