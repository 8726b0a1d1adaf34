"""`medloop deidentify`: the hospital's side of the wall."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from medloop.cli.inspect import Tally, policy, show
from medloop.cli.target import console, done, stop
from medloop.handover.store import remove_parts
from medloop.handover.worker import KEY, command
from medloop.inspection.finding import Finding
from medloop.inspection.pool import Pool
from medloop.inspection.walk import walk
from medloop.rules.pseudonyms import MIN_KEY_BYTES

_INTERRUPTED = 130


def deidentify(
    source: Annotated[
        Path, typer.Argument(exists=True, help="A folder, a file or a zip archive.", metavar="IN")
    ],
    out: Annotated[
        Path,
        typer.Argument(file_okay=False, help="Where the clean files go; made if need be.", metavar="OUT"),
    ],
    key: Annotated[
        Path | None,
        typer.Option(help="The file that holds your pseudonym key.", envvar="MEDLOOP_KEY_FILE"),
    ] = None,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make the key file first, unless it is there.")
    ] = False,
    project: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The project.yaml whose options count.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON line per file, with its old name and its new one.")
    ] = False,
    processes: Annotated[int, typer.Option("--processes", "-p", min=1, help="Files at a time.")] = 1,
) -> None:
    """Write every image under IN to OUT without identifiers: in its header, around its pixels, in its name.

    DICOM to PS3.15 Annex E with the options of project.yaml; NIfTI, PNG, JPEG and TIFF keep their pixels and
    nothing else. Pixels are never changed. Reports, documents, damaged files and images that may have text in
    their pixels are not written: each is listed with its reason. IN is only read; running it again writes
    nothing twice.

    Pseudonyms come from a key. Keep it: with the same key and project a patient gets the same pseudonym and
    the same shift of dates next year. Keep it in house: whoever has it can test whose pseudonym is whose. The
    same goes for the output of --json, which has the old names.

    [dim]medloop deidentify ./export ./clean --key hospital.key --new-key      (the first time)
    medloop deidentify ./export ./clean --key hospital.key                (ever after)[/]
    """
    source, out = source.resolve(), out.resolve()
    check_apart(source, out)
    os.environ[KEY] = read_key(key, new_key).hex()
    out.mkdir(parents=True, exist_ok=True)
    remove_parts(out)
    root = source if source.is_dir() else source.parent
    pool = Pool(policy(project, strict=False), processes, command=command(root, out))
    tally, written = Tally(), 0
    try:
        for finding in tally.counted(watched(pool.findings(walk([source])), source)):
            tell(finding, as_json)
            written += "written" in finding.facts
    except KeyboardInterrupt:
        console.print(f"stopped: {written} files are clean; the same command goes on from here")
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        remove_parts(out)
    if not as_json:
        show(tally)
        done(f"{written} clean files in {escape(str(out))}")
    raise typer.Exit(1 if tally.total("error") else 0)


def check_apart(source: Path, out: Path) -> None:
    """Otherwise the next run would clean what this one wrote, or IN would be written to."""
    if source == out or source in out.parents or out in source.parents:
        stop("OUT lies in IN, or IN in OUT", "choose a folder beside it")


def read_key(file: Path | None, make: bool) -> bytes:
    """At least MIN_KEY_BYTES of it; ends the command with a remedy where there is no usable key."""
    if file is None:
        stop("no key is given", "add --key FILE; --new-key makes that file the first time")
    if make and not file.exists():
        make_key(file)
    if not file.is_file():
        stop("the key file is not there", "the first time, add --new-key; later, bring back the one you had")
    if os.name == "posix" and file.stat().st_mode & 0o077:
        stop("others than you may read the key file", f"chmod 600 {escape(str(file))}")
    try:
        key = bytes.fromhex(file.read_text("ascii"))
    except ValueError:
        key = b""
    if len(key) < MIN_KEY_BYTES:
        stop(
            "the key file holds no key", f"it is one line of at least {2 * MIN_KEY_BYTES} hexadecimal digits"
        )
    return key


def make_key(file: Path) -> None:
    """Readable by its owner alone, from the first moment on."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
        print(secrets.token_hex(MIN_KEY_BYTES), file=made)


def tell(finding: Finding, as_json: bool) -> None:
    """Every file as JSON; else only those that are not written."""
    if as_json:
        print(finding.as_json(), flush=True)
    elif finding.verdict in ("quarantined", "error"):
        line = f"[yellow]{finding.reason}[/] {escape(finding.path)}"
        console.print(line, highlight=False, soft_wrap=True)


def watched(findings: Iterator[Finding], source: Path) -> Iterator[Finding]:
    """The same findings, with a bar on standard error."""
    columns = (TextColumn("cleaning"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=sum(1 for _ in walk([source])))
        for finding in findings:
            yield finding
            progress.advance(bar)
