"""One file of the folder that is cleaned: read, cleaned, written, told about."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from medloop.archives.directory import read_listing
from medloop.archives.expansion import expand_listed
from medloop.handover.clean import clean
from medloop.handover.store import store
from medloop.inspection.file import is_archive
from medloop.inspection.finding import Finding, of_error
from medloop.inspection.verdicts import of_archive, of_junk, of_refusal, of_unreadable
from medloop.rules.archives import Member
from medloop.rules.intake import MAX_IMAGE_BYTES
from medloop.rules.junk import is_junk
from medloop.rules.project import Project
from medloop.rules.pseudonyms import Pseudonyms
from medloop.rules.reasons import Reason, Refused

Tell = Callable[[Finding], None]


@dataclass(frozen=True)
class Task:
    root: Path
    """What is cleaned: a folder, or a single file's."""
    out: Path
    project: Project
    pseudonyms: Pseudonyms


def hand_over(path: str, task: Task, tell: Tell) -> None:
    """Tell one finding, and for an archive one of every file in it. Never raises, whatever the file holds."""
    started = time.perf_counter()
    try:
        with Path(path).open("rb") as file:
            if is_archive(path, file):
                finding = _archive(path, file, task, tell)
            else:
                size = os.fstat(file.fileno()).st_size
                finding = _one(path, file, size, PurePosixPath(Path(path).relative_to(task.root)), task)
    except OSError as error:
        finding = of_unreadable(path, error)
    tell(finding.after(time.perf_counter() - started))


def _one(path: str, file: BinaryIO, size: int, relative: PurePosixPath, task: Task) -> Finding:
    if is_junk(path):
        return of_junk(path)
    if size > MAX_IMAGE_BYTES:
        facts: dict[str, int | float | str] = {"actual_bytes": size, "limit_bytes": MAX_IMAGE_BYTES}
        return of_refusal(path, Refused(Reason.TOO_LARGE, facts))
    data = file.read()
    try:
        done = clean(data, relative, task.project, task.pseudonyms)
    except Refused as refusal:
        return of_refusal(path, refusal)
    except Exception as error:  # A bug of ours: name its kind and go on with the next file.
        return of_error(path, type(error).__name__)
    place = store(task.out, done.path, done.content)
    return Finding(path, "accepted", format=done.format.value, facts={**done.report, "written": str(place)})


def _archive(path: str, file: BinaryIO, task: Task, tell: Tell) -> Finding:
    """Its members as if they lay in a folder beside it; the archive itself is not written."""
    folder = PurePosixPath(Path(path).relative_to(task.root)).parent

    def put(member: Member, stream: BinaryIO) -> None:
        started = time.perf_counter()
        data_path = f"{path}/{member.path}"
        finding = _one(data_path, stream, member.size, folder / member.path, task)
        tell(finding.after(time.perf_counter() - started))

    try:
        listing = read_listing(file)
        for name in listing.ignored:
            if not name.endswith("/"):
                tell(of_junk(f"{path}/{name}"))
        return of_archive(path, expand_listed(file, listing, put).facts)
    except Refused as refusal:
        return of_refusal(path, refusal)
