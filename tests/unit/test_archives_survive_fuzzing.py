"""Cut or altered anywhere, an archive is unpacked or refused; nothing else is raised, no limit passed."""

import io
import random
import time
import zipfile
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medloop.archives.expansion import expand
from medloop.rules.archives import Limits, Member
from medloop.rules.paths import path_problem
from medloop.rules.reasons import Refused
from tests.zips import Item, crafted, many, zipped

ROUNDS = 1000
SECONDS = 2.0
LIMITS = Limits(entries=50, member_bytes=3000, total_bytes=5000, ratio=20, harmless_bytes=4000)
FILES = {f"a/{number}.dcm": bytes(range(40 * number)) for number in range(6)} | {"z.raw": b"abcde" * 300}

ARCHIVES = {
    "stored": zipped(FILES, zipfile.ZIP_STORED),
    "deflated": zipped(FILES),
    "bzip2": zipped(FILES, zipfile.ZIP_BZIP2),
    "lzma": zipped(FILES, zipfile.ZIP_LZMA),
    "zip64": many(20),
    "crafted": crafted([Item(b"a.dcm", b"123" * 50), Item(b"b.dcm", b"456" * 50, flags=8)]),
}


def given_out(archive: bytes) -> dict[str, bytes]:
    """What was unpacked whole; asserts everything that must hold of any archive."""
    whole: dict[str, bytes] = {}
    received = [0]

    def put(member: Member, stream: BinaryIO) -> None:
        content = b""
        while chunk := stream.read(500):
            content += chunk
            received[0] += len(chunk)
        whole[member.path] = content

    started = time.monotonic()
    try:
        expand(io.BytesIO(archive), put, LIMITS)
    except Refused as refusal:
        assert all(isinstance(fact, int | float | str) for fact in refusal.facts.values())
    assert time.monotonic() - started < SECONDS
    assert received[0] <= LIMITS.total_bytes
    assert all(len(content) <= LIMITS.member_bytes for content in whole.values())
    assert not any(path_problem(path) or path.startswith("/") or not path for path in whole)
    return whole


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_cut_archive_gives_nothing(name: str) -> None:
    whole, chance = ARCHIVES[name], random.Random(7)
    assert given_out(whole)
    for _ in range(ROUNDS):
        assert given_out(whole[: chance.randrange(len(whole))]) == {}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_altered_archive_gives_only_sound_files(name: str) -> None:
    whole, chance = ARCHIVES[name], random.Random(11)
    contents = set(given_out(whole).values())
    for _ in range(ROUNDS):
        altered = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            altered[chance.randrange(len(whole))] = chance.randrange(256)
        assert set(given_out(bytes(altered)).values()) <= contents


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_altered_table_of_contents_is_survived(name: str) -> None:
    whole, chance = ARCHIVES[name], random.Random(13)
    start = whole.index(b"PK\x01\x02")
    for _ in range(3 * ROUNDS):
        altered = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            altered[chance.randrange(start, len(whole))] = chance.choice([0, 1, 127, 128, 254, 255])
        given_out(bytes(altered))


@settings(max_examples=300, deadline=None, database=None)
@given(st.binary(max_size=300), st.sampled_from(list(ARCHIVES.values())), st.integers(0, 400))
def test_any_bytes_are_unpacked_or_refused(content: bytes, archive: bytes, at: int) -> None:
    given_out(content)
    given_out(content + archive)
    given_out(archive[:at] + content + archive[at:])
    given_out(archive[: len(archive) - at] + content)


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.lists(
        st.builds(
            Item,
            name=st.binary(max_size=12) | st.sampled_from([b"a.dcm", b"b/c.dcm"]),
            content=st.binary(max_size=100),
            flags=st.sampled_from([0, 1, 8, 0x800]),
            method=st.sampled_from([0, 8, 12, 14, 99]),
            size=st.none() | st.integers(0, 2**32 - 1),
            crc=st.none() | st.integers(0, 2**32 - 1),
            attributes=st.sampled_from([0, 0xA1FF0000, 0x81A40000, 0x41ED0010]),
            offset=st.none() | st.integers(0, 500),
        ),
        max_size=8,
    )
)
def test_any_members_are_unpacked_or_refused(items: list[Item]) -> None:
    given_out(crafted(items))
