"""A file over ranges reads as the bytes themselves would, in few requests and bounded memory."""

import io
import random
import zipfile

import pytest

from medloop.aws.ranged import BLOCK_BYTES, BLOCKS, RangedFile
from tests.zips import Item, crafted, deflated, many, unpack, zipped

BLOCK = 1000


class Ranges:
    """Bytes somewhere else, and what was asked of them."""

    def __init__(self, content: bytes, block_bytes: int = BLOCK) -> None:
        self.content, self.asked = content, list[tuple[int, int]]()
        self.raw = RangedFile(len(content), self.read_range, block_bytes)
        self.file = io.BufferedReader(self.raw)

    def read_range(self, start: int, end: int) -> bytes:
        assert 0 <= start < end <= len(self.content)
        self.asked.append((start, end))
        return self.content[start:end]


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 7 * BLOCK + 3])
def test_everything_is_read_once_from_front_to_back(size: int) -> None:
    content = random.Random(1).randbytes(size)
    ranges = Ranges(content)
    assert ranges.file.read() == content
    assert len(ranges.asked) == len(set(ranges.asked)) == -(-size // BLOCK)


def test_reads_from_anywhere_are_as_from_memory() -> None:
    chance = random.Random(2)
    content = chance.randbytes(5 * BLOCK + 17)
    ranges, memory = Ranges(content), io.BytesIO(content)
    for _ in range(500):
        offset, count = chance.randrange(6 * BLOCK), chance.randrange(2 * BLOCK)
        assert ranges.file.seek(offset) == memory.seek(offset)
        assert ranges.file.read(count) == memory.read(count)
        assert ranges.file.tell() == memory.tell()
    for whence in (io.SEEK_CUR, io.SEEK_END):
        assert ranges.file.seek(-20, whence) == memory.seek(-20, whence)
        assert ranges.file.read() == memory.read()


def test_only_so_many_blocks_are_kept() -> None:
    ranges = Ranges(bytes(10 * BLOCK))
    for number in (0, 1, 2, 0, 1, 2, 3, 0):
        ranges.raw.seek(number * BLOCK)
        ranges.raw.read(10)
    assert [start // BLOCK for start, _ in ranges.asked] == [0, 1, 2, 3, 0]
    assert BLOCKS * BLOCK_BYTES <= 32 * 2**20


def test_nothing_lies_in_front_of_the_beginning() -> None:
    with pytest.raises(ValueError):
        Ranges(b"123").raw.seek(-1)


def test_a_range_that_comes_short_is_an_error_and_not_an_end() -> None:
    raw = RangedFile(100, lambda start, end: b"12")
    with pytest.raises(OSError):
        raw.read(10)


def test_an_archive_is_unpacked_with_each_block_fetched_once() -> None:
    files = {f"{number}.raw": random.Random(number).randbytes(100_000) for number in range(20)}
    archive = zipped(files)
    ranges = Ranges(archive, block_bytes=2**17)
    assert unpack(ranges.file).files == files
    blocks = -(-len(archive) // 2**17)
    assert len(ranges.asked) <= blocks + 2  # the end is looked at first, and may lie in two blocks


def test_the_table_of_contents_of_a_large_archive_takes_two_requests() -> None:
    large = crafted([Item(b"large.raw", bytes(3 * BLOCK_BYTES), method=0), Item(b"small.raw", b"1")])
    ranges = Ranges(large, BLOCK_BYTES)
    with zipfile.ZipFile(ranges.file) as archive:
        assert len(archive.namelist()) == 2
    assert len(ranges.asked) <= 2


def test_a_refused_archive_costs_no_more_than_its_end() -> None:
    bomb = Item(b"bomb.raw", packed=deflated(bytes(2**20), 9) * 600, size=2**32 - 2)
    ranges = Ranges(crafted([bomb]), block_bytes=2**16)
    assert unpack(ranges.file).reason == "zip_expansion"
    assert len(ranges.asked) <= 2
    assert unpack(Ranges(many(2000)).file).reason is None
