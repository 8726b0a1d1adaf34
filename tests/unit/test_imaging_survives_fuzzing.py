"""Cut or altered anywhere, a file is read or refused: nothing else is ever raised, and nothing takes long."""

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzzing import cut, harmed, seeds
from medloop.imaging.picture import Picture, Volume
from medloop.imaging.read import read_image
from medloop.rules.reasons import Refused

ROUNDS = 60
SECONDS = 2.0
SEEDS = seeds()


def outcome(data: bytes) -> Picture | Volume | None:
    started = time.monotonic()
    try:
        return read_image(data)
    except Refused as refusal:
        assert all(isinstance(fact, int | float | str) for fact in refusal.facts.values())
        return None
    finally:
        assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("name", SEEDS)
def test_a_cut_file_is_refused_or_unharmed(name: str) -> None:
    whole, chance = SEEDS[name].whole, random.Random(7)
    expected = read_image(whole).values
    for _ in range(ROUNDS):
        read = outcome(cut(whole, chance))
        assert read is None or np.array_equal(read.values, expected)


@pytest.mark.parametrize("name", SEEDS)
def test_a_harmed_file_is_refused_or_read(name: str) -> None:
    """The same at full size is `make fuzz`."""
    chance = random.Random(11)
    for _ in range(ROUNDS):
        read = outcome(harmed(SEEDS[name], chance))
        assert read is None or np.isfinite(read.values).all()


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary(max_size=400), st.sampled_from([b"", *(seed.whole[:140] for seed in SEEDS.values())]))
def test_any_bytes_are_refused_or_read(content: bytes, beginning: bytes) -> None:
    outcome(beginning + content)


PNG, RLE = SEEDS["png grey"].whole, SEEDS["dicom rle"].whole


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff" + b"\xff" * 2_000_000,
        PNG[:33] + b"\x00\x00\x00\x00tEXt\x00\x00\x00\x00" * 200_000,
        RLE[: RLE.index(b"\xe0\x7f\x10\x00") + 12] + b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * 200_000,
    ],
    ids=["jpeg of fill bytes", "png of empty chunks", "dicom of empty fragments"],
)
def test_endless_small_parts_are_given_up_on(content: bytes) -> None:
    assert outcome(content) is None
