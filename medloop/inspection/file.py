"""One file on disk: looked at as the intake would, with the same code."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from medloop.archives.directory import read_listing
from medloop.archives.expansion import expand_listed
from medloop.imaging.sniff import Format, sniff
from medloop.inspection.finding import Finding, of_error
from medloop.inspection.verdicts import of_archive, of_junk, of_prepared, of_refusal, of_unreadable
from medloop.intake import prepare
from medloop.rules.archives import Member
from medloop.rules.intake import MAX_IMAGE_BYTES
from medloop.rules.junk import is_document, is_junk
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused

Tell = Callable[[Finding], None]

_HEAD_BYTES = 512


def inspect_file(path: str, project: Project, key: bytes, tell: Tell) -> None:
    """Tell one finding, and for an archive one of every file in it. Never raises, whatever the file holds."""
    started = time.perf_counter()
    try:
        with Path(path).open("rb") as file:
            if is_archive(path, file):
                finding = inspect_archive(path, file, project, key, tell)
            else:
                finding = inspect_bytes(path, file, file.seek(0, 2), project, key)
    except OSError as error:
        finding = of_unreadable(path, error)
    tell(finding.after(time.perf_counter() - started))


def is_archive(path: str, file: BinaryIO) -> bool:
    """By content; office documents are archives as well, and are left alone."""
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    return sniff(head) is Format.ZIP and not is_document(path)


def inspect_bytes(path: str, file: BinaryIO, size: int, project: Project, key: bytes) -> Finding:
    """Larger files than one image may be are not even read."""
    if is_junk(path):
        return of_junk(path)
    if size > MAX_IMAGE_BYTES:
        facts: dict[str, int | float | str] = {"actual_bytes": size, "limit_bytes": MAX_IMAGE_BYTES}
        return of_refusal(path, Refused(Reason.TOO_LARGE, facts))
    if file.seekable():
        file.seek(0)
    return judge(path, file.read(), project, key)


def judge(path: str, data: bytes, project: Project, key: bytes) -> Finding:
    """What the intake decides about these bytes under this name."""
    try:
        return of_prepared(path, prepare(data, path, project, key))
    except Refused as refusal:
        return of_refusal(path, refusal)
    except Exception as error:  # A bug of ours: name its kind and go on with the next file.
        return of_error(path, type(error).__name__)


def inspect_archive(path: str, file: BinaryIO, project: Project, key: bytes, tell: Tell) -> Finding:
    """The archive's own finding; its members are told one by one."""

    def put(member: Member, stream: BinaryIO) -> None:
        started = time.perf_counter()
        finding = inspect_bytes(f"{path}/{member.path}", stream, member.size, project, key)
        tell(finding.after(time.perf_counter() - started))

    try:
        listing = read_listing(file)
        for name in listing.ignored:
            if not name.endswith("/"):
                tell(of_junk(f"{path}/{name}"))
        return of_archive(path, expand_listed(file, listing, put).facts)
    except Refused as refusal:
        return of_refusal(path, refusal)
