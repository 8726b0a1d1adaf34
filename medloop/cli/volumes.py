"""`medloop volumes`: series of DICOM slices on this machine into NIfTI files."""

import hashlib
import json
import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from medloop.cli.inspect import policy
from medloop.cli.target import console, done, stop
from medloop.imaging.volumes import Stack, encode_volume
from medloop.inspection.slices import UNREADABLE, Found, Gathering, NoRoom, Series, Spool, stacks_of
from medloop.inspection.walk import walk
from medloop.rules import project as rules
from medloop.rules.reasons import Reason

Result = dict[str, Any]
"""One stack: its series' folder below IN, the file written or the reason why none was, and the facts."""

_DIGITS = 16

_TELLING = {
    "acquisition": "acq.",
    "echo_ms": "echo",
    "b_value": "b",
    "tilt_degrees": "tilt",
    "copies": "copies",
}

_UNREADABLE_HINT = "Look whether the file may be read, and whether it changed meanwhile."

Item = TypeVar("Item")


def volumes(
    source: Annotated[
        Path, typer.Argument(exists=True, help="A folder or a zip archive of DICOM files.", metavar="IN")
    ],
    target: Annotated[Path, typer.Argument(file_okay=False, help="Folder to write to.", metavar="OUT")],
    project: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The project.yaml whose policy counts.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per volume or refusal.")] = False,
) -> None:
    """Make NIfTI volumes of the DICOM series in a folder or archive, and say what made none and why.

    Files are told by content and searched for in all subfolders. Every acquisition, orientation, echo and
    b-value becomes a volume of its own; what was taken repeatedly at the same places has a fourth axis.
    Each NAME.nii.gz comes with NAME.json, its facts. Names are made from the voxels and files hold no header
    text, so nothing in OUT names a patient; what the pixels show stays. Running it again changes nothing.
    Exits 1 only if there was nothing to make a volume of.

    [dim]medloop volumes ./export ./nifti
    medloop volumes ./export.zip ./nifti --json | jq -r 'select(.reason) | .folder + " " + .reason'[/]
    """
    rules_ = policy(project, strict=False)
    try:
        target.mkdir(parents=True, exist_ok=True)
        # Unlinked while it is open: whatever ends this process, nothing of it stays behind.
        with tempfile.TemporaryFile(dir=target) as file:
            found = gather(source, Gathering(Spool(file), rules_.intake))
            results = list(assembled(found, source, target, rules_.series))
    except (OSError, NoRoom) as error:
        why = error.strerror if isinstance(error, OSError) else error
        stop(f"{target} cannot be written: {why}", "choose another folder, or make room")
    if as_json:
        for result in results + refused_files(found):
            print(json.dumps(result), flush=True)
    else:
        show(results, found)
    conclude(results, found, source)


def gather(source: Path, gathering: Gathering) -> Found:
    for path in watched("reading", list(walk([source]))):
        gathering.take_file(path)
    return gathering.found


def assembled(found: Found, source: Path, target: Path, policy: rules.Series) -> Iterator[Result]:
    for series in watched("assembling", list(found.series.values())):
        folder = os.path.relpath(series.folder, source if source.is_dir() else source.parent)
        for stack in stacks_of(series, policy):
            yield {"folder": folder, "modality": series.modality, **written(stack, series, target)}


def watched(doing: str, items: list[Item]) -> Iterator[Item]:
    """The same items, with a bar on standard error."""
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=len(items))
        for item in items:
            yield item
            progress.advance(bar)


def written(stack: Stack, series: Series, target: Path) -> Result:
    """What became of a stack, its files being complete; a refusal writes none."""
    if stack.refusal is not None or stack.volume is None:
        return {"file": None, "reason": stack.facts["reason"], "facts": stack.facts}
    content = encode_volume(stack.volume)
    name = hashlib.sha256(content).hexdigest()[:_DIGITS]
    shape, affine = list(stack.volume.values.shape), stack.volume.affine.tolist()
    facts = {**stack.facts, "modality": series.modality, "shape": shape, "affine": affine}
    put(target / f"{name}.nii.gz", content)
    put(target / f"{name}.json", json.dumps(facts, indent=2, sort_keys=True).encode())
    return {"file": f"{name}.nii.gz", "reason": None, "facts": facts}


def refused_files(found: Found) -> list[Result]:
    """As results: how many files no series could be made of, by reason."""
    return [
        {"folder": None, "modality": None, "file": None, "reason": reason, "facts": {"files": number}}
        for reason, number in found.refused.most_common()
    ]


def put(path: Path, content: bytes) -> None:
    """The whole file or none of it."""
    if path.is_file() and path.read_bytes() == content:
        return
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def show(results: list[Result], found: Found) -> None:
    made = [result for result in results if result["file"]]
    if made:
        table = columns("file", "voxels", "mm", "what", "folder")
        for result in made:
            facts = result["facts"]
            name, voxels = result["file"].split(".")[0], "x".join(str(side) for side in facts["shape"])
            table.add_row(name, voxels, spacing(facts["affine"]), what(result), result["folder"])
        console.print(table)
    refused = [result for result in results if not result["file"]]
    if refused:
        table = columns("refused", "slices", "what", "folder")
        for result in refused:
            slices = str(result["facts"].get("frames", 0))
            table.add_row(f"[yellow]{result['reason']}[/]", slices, what(result), result["folder"])
        console.print(table)
    tell("files refused", found.refused)
    tell("files left aside", found.others)
    explain({str(result["reason"]) for result in refused} | set(found.refused))
    if made:
        done(f"{len(made)} volumes of {len(found.series)} series")


def conclude(results: list[Result], found: Found, source: Path) -> None:
    """End with an error where nothing came of it."""
    if not found.series:
        stop(f"no DICOM image was found in {source}", f"`medloop inspect {source}` tells what each file is")
    if not any(result["file"] for result in results):
        stop(f"none of {len(found.series)} series made a volume", "each one's reason is given above")


def columns(*names: str) -> Table:
    *short, last = names
    heads = [Column(name, no_wrap=True) for name in short]
    return Table(*heads, Column(last, overflow="fold"), box=None, header_style="bold", pad_edge=False)


def spacing(affine: list[list[float]]) -> str:
    """Along i, j and k."""
    lengths = (math.hypot(*(affine[row][axis] for row in range(3))) for axis in range(3))
    return "x".join(f"{length:.3g}" for length in lengths)


def what(result: Result) -> str:
    """What tells a stack from others of its series."""
    facts = result["facts"]
    words = [result["modality"], facts.get("kind", "")]
    words += [f"{name} {facts[key]:g}" for key, name in _TELLING.items() if facts.get(key)]
    return " ".join(word for word in words if word)


def tell(what: str, counted: Counter[str]) -> None:
    if counted:
        numbers = ", ".join(f"{word} ({number})" for word, number in counted.most_common())
        console.print(f"{what}: {numbers}", highlight=False, soft_wrap=True)


def explain(reasons: set[str]) -> None:
    for code in sorted(reasons):
        hint = _UNREADABLE_HINT if code == UNREADABLE else Reason(code).explanation.hint
        console.print(f"[yellow]{code}[/]: {hint}", highlight=False, soft_wrap=True)
