"""Whatever an archive claims or holds, unpacking it costs little memory, and refusing it little time."""

import bz2
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.zips import Item, crafted, crc_of_zeros, deflated_zeros, many

ROOT = Path(__file__).parents[2]
ALLOWED_MEGABYTES = 64
ALLOWED_SECONDS = 2.0

MEASURE = """
import resource, sys, time
from medloop.archives.expansion import expand
from medloop.rules.archives import Limits
from medloop.rules.reasons import Refused

given = 0

def put(member, stream):
    global given
    while chunk := stream.read(2**20):
        given += len(chunk)

limits = Limits(ratio=int(sys.argv[2]))
with open(sys.argv[1], "rb") as file:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    try:
        reason = f"{expand(file, put, limits).members}_unpacked"
    except Refused as refusal:
        reason = refusal.reason.value
    seconds = time.monotonic() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(reason, (peak - before) // 1024, seconds, given)
"""

GIGABYTE = deflated_zeros(1024)


def honest_bomb() -> bytes:
    return crafted([Item(b"bomb.dcm", packed=GIGABYTE, size=2**30)])


def lying_bomb() -> bytes:
    return crafted([Item(b"bomb.dcm", packed=GIGABYTE, size=1000)])


def lying_bzip2_bomb() -> bytes:
    packed = bz2.compress(bytes(2**26))
    return crafted([Item(b"bomb.dcm", packed=packed, size=1000, method=12)])


def bomb_of_overlaps() -> bytes:
    """Each of 30 000 names points into the same megabyte: 29 TB by the table of contents."""
    kernel = Item(b"0", packed=GIGABYTE, size=2**30)
    names = (Item(b"%d" % n, packed=GIGABYTE, size=2**30, offset=0) for n in range(1, 30_000))
    return crafted([kernel, *names])


def million_files() -> bytes:
    """Only the end says so: it must be believed before a million lines are read."""
    archive = many(70_000)
    at = archive.rindex(b"PK\x06\x06")
    return archive[: at + 24] + struct.pack("<2Q", 10**6, 10**6) + archive[at + 40 :]


CASES = {
    "zip_expansion": honest_bomb,
    "zip_expansion lying": lying_bomb,
    "zip_expansion lying bzip2": lying_bzip2_bomb,
    "zip_expansion overlaps": bomb_of_overlaps,
    "zip_too_many_entries": million_files,
}


def measured(archive: bytes, folder: Path, ratio: int = 250) -> tuple[str, int, float, int]:
    file = folder / "archive"
    file.write_bytes(archive)
    command = [sys.executable, "-c", MEASURE, str(file), str(ratio)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    reason, megabytes, seconds, given = done.stdout.split()
    return reason, int(megabytes), float(seconds), int(given)


@pytest.mark.parametrize("name", CASES)
def test_a_bomb_is_refused_within_bounds(name: str, tmp_path: Path) -> None:
    reason, megabytes, seconds, given = measured(CASES[name](), tmp_path)
    assert reason == name.split()[0]
    assert megabytes < ALLOWED_MEGABYTES
    assert seconds < ALLOWED_SECONDS
    assert given == 0


def test_a_large_file_streams_through_the_same_memory(tmp_path: Path) -> None:
    large = Item(b"large.nii", packed=deflated_zeros(256), size=2**28, crc=crc_of_zeros(256))
    reason, megabytes, _, given = measured(crafted([large]), tmp_path, ratio=2000)
    assert (reason, given) == ("1_unpacked", 2**28)
    assert megabytes < ALLOWED_MEGABYTES


def test_a_hundred_thousand_files_are_listed_in_it_too(tmp_path: Path) -> None:
    reason, megabytes, _, _ = measured(many(100_000), tmp_path)
    assert reason == "100000_unpacked"
    assert megabytes < ALLOWED_MEGABYTES
