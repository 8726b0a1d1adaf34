"""`medloop reidentify`: results come home."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pydicom
import typer
from pydicom.errors import InvalidDicomError
from rich.markup import escape

from medloop.arrivals.images import pseudonym_key
from medloop.cli.deidentify import check_apart, read_key
from medloop.cli.inspect import policy
from medloop.cli.target import connect, console, done, stop
from medloop.inspection.walk import walk
from medloop.reidentify.chain import Chain
from medloop.reidentify.originals import Originals, read_originals
from medloop.reidentify.restore import Stranger, restore
from medloop.rules.pseudonyms import Pseudonyms


def reidentify(
    source: Annotated[
        Path, typer.Argument(exists=True, help="What `medloop results get` wrote.", metavar="RESULTS")
    ],
    originals: Annotated[Path, typer.Option(exists=True, help="The files as they are in house, with names.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Where the results with names go.")],
    project: Annotated[str, typer.Option(help="The project's name.")],
    key: Annotated[
        list[Path] | None,
        typer.Option(
            help="A pseudonym key's file; several in the order in which they were used.",
            envvar="MEDLOOP_KEY_FILE",
        ),
    ] = None,
    stack: Annotated[
        bool, typer.Option("--stack/--no-stack", help="Whether the stack's own key was used as well.")
    ] = True,
) -> None:
    """Put the patients' names back into results, on the hospital's side of the wall.

    The originals are given their pseudonyms again, in memory, and results that carry the same ones are
    theirs: DICOM SEG, reports and overlays get patient, study and references back. No list of who is who is
    read or written. What belongs to none of the originals is left out and named.

    The stack's key is asked of the stack; that needs its administrator's rights. Files that were cleaned by
    `medloop deidentify` before they were uploaded need that key, too.

    [dim]medloop reidentify ./results --originals ./export --out ./home --project chest --key hospital.key[/]
    """
    source, out = source.resolve(), out.resolve()
    check_apart(source, out)
    known = read_originals(walk([originals]), Chain(links(project, key or [], stack)))
    if not known.studies:
        stop(f"{escape(str(originals))} holds no DICOM file", "name the folder that has the originals")
    strangers = [file for file in walk([source]) if not brought_home(Path(file), source, out, known)]
    for file in strangers:
        console.print(f"[yellow]no original[/] {escape(file)}", highlight=False, soft_wrap=True)
    done(f"results in {escape(str(out))}; {len(strangers)} without an original")
    raise typer.Exit(1 if strangers else 0)


def links(project: str, keys: Sequence[Path], stack: bool) -> list[Pseudonyms]:
    # `medloop deidentify` may have been told of the project, or not.
    names = dict.fromkeys((project, policy(None, strict=False).project))
    held = [Pseudonyms(read_key(file, make=False), name) for file in keys for name in names]
    if stack:
        connect()
        held.append(Pseudonyms(pseudonym_key(), project))
    if not held:
        stop("no key is given", "add --key FILE, or leave --no-stack away")
    return held


def brought_home(file: Path, source: Path, out: Path, known: Originals) -> bool:
    """Whether the file has an original; what is not DICOM is copied as it is."""
    root = source if source.is_dir() else source.parent
    target = out / file.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        result = pydicom.dcmread(file)
    except InvalidDicomError:
        shutil.copyfile(file, target)
        return True
    try:
        restore(result, known).save_as(target)
    except Stranger:
        return False
    return True
