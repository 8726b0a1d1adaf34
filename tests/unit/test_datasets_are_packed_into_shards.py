"""Shards: plain tars of arrays, equal for equal contents, and mostly the same in the next version."""

import io
import random
import tarfile
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.dataset import Mask, Sample
from medloop.rules.datasets import freeze
from medloop.rules.shards import (
    END,
    LARGEST,
    SMALLEST,
    DamagedShard,
    Extent,
    Plan,
    header,
    members,
    padding,
    plan_shards,
)
from tests.candidates import candidate, candidates, image_of, project

MIB = 2**20


def sample(number: int, split: str = "train", mask: bool = False) -> Sample:
    frozen = candidate(number)
    told = {"path": f"m/{number}.nii.gz", "sha256": "c" * 64, "source": frozen.id}
    return Sample.model_validate(
        {
            "image": frozen.id,
            "path": frozen.array_path,
            "sha256": frozen.array_sha256,
            "labels": ["ring"],
            "split": split,
            "group": frozen.patient_group,
            "mask": Mask.model_validate(told) if mask else None,
        }
    )


def plans(samples: Sequence[Sample], size: int) -> tuple[Plan, ...]:
    arrived = {image_of(number): number for number in range(3000)}
    return plan_shards(samples, {one.image: Extent(size, arrived[one.image]) for one in samples})


def names(samples: Sequence[Sample], size: int = MIB) -> set[str]:
    return {plan.name for plan in plans(samples, size)}


def sizes(found: Sequence[Plan]) -> list[int]:
    return [sum(member.size for member in plan.members) for plan in found]


def test_a_shard_holds_one_side_only() -> None:
    found = plans([sample(n, side) for n, side in enumerate(("train", "test", "validation", "test"))], 10)
    assert [(plan.split, plan.samples) for plan in found] == [("train", 1), ("validation", 1), ("test", 2)]


def test_every_sample_is_in_one_shard_with_its_mask_behind_it() -> None:
    found = plans([sample(n, mask=n % 2 == 0) for n in range(400)], MIB)
    told = [member.name for plan in found for member in plan.members]
    assert len(set(told)) == len(told) == 600
    for name, after in zip(told, [*told[1:], ""], strict=True):
        assert name.endswith((".npy", ".mask.nii.gz"))
        if after.endswith(".mask.nii.gz"):
            assert after.partition(".")[0] == name.partition(".")[0]


@given(st.integers(1, 300), st.sampled_from([MIB // 4, MIB, 3 * MIB, 40 * MIB, 200 * MIB]))
@settings(max_examples=30, deadline=None)
def test_shards_are_of_a_size_that_streams_well(number: int, size: int) -> None:
    found = plans([sample(n) for n in range(number)], size)
    assert sum(plan.samples for plan in found) == number
    assert all(total <= max(LARGEST, size) for total in sizes(found))
    assert all(total + size > SMALLEST for total in sizes(found)[:-1])


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_samples_does_not_matter(chance: random.Random) -> None:
    samples = [sample(n) for n in range(300)]
    before = names(samples)
    chance.shuffle(samples)
    assert names(samples) == before


def test_what_arrives_later_touches_the_last_shard_only() -> None:
    before, after = (names([sample(n) for n in range(number)]) for number in (1000, 1100))
    assert len(before - after) <= 1 and len(before) > 8


def test_an_image_left_out_later_touches_few_shards() -> None:
    before = names([sample(n) for n in range(1000)])
    for gone in (0, 300, 999):
        assert len(before - names([sample(n) for n in range(1000) if n != gone])) <= 2


def test_a_new_label_touches_no_shard() -> None:
    samples = [sample(n) for n in range(300)]
    renamed = [one.model_copy(update={"labels": ("cross",)}) for one in samples]
    assert names(renamed) == names(samples)


def packed(contents: dict[str, bytes]) -> bytes:
    files = (
        header(name, len(content)) + content + padding(len(content)) for name, content in contents.items()
    )
    return b"".join(files) + END


def listed(shard: bytes) -> dict[str, bytes]:
    found = members(lambda offset, count: shard[offset : offset + count])
    return {name: shard[first : first + size] for name, first, size in found}


CONTENTS = {f"{'a' * 32}.npy": b"x" * 700, f"{'b' * 32}.npy": b"", f"{'b' * 32}.mask.nii.gz": b"y" * 512}


def test_any_tar_program_reads_it() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed(CONTENTS))) as archive:
        read = {one.name: archive.extractfile(one) for one in archive.getmembers()}
        assert {name: file.read() for name, file in read.items() if file} == CONTENTS
        assert all(one.isreg() and one.mtime == 0 and one.uid == 0 for one in archive.getmembers())


def test_it_is_read_back_from_front_to_back() -> None:
    assert listed(packed(CONTENTS)) == CONTENTS


@pytest.mark.parametrize("length", [0, 100, 511, 512, 700, 1500, len(packed(CONTENTS)) - 1024])
def test_a_shard_that_was_cut_off_is_damaged(length: int) -> None:
    with pytest.raises(DamagedShard):
        listed(packed(CONTENTS)[:length])


def test_a_link_is_no_file_of_a_shard() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        link = tarfile.TarInfo("a.npy")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(DamagedShard):
        listed(buffer.getvalue())


def test_a_version_is_packed_whole() -> None:
    images = candidates(100)
    frozen = freeze(project(), images)
    extents = {one.id: Extent(one.size, one.accepted_at.timestamp()) for one in images}
    found = plan_shards(frozen.samples, extents)
    told = {member.sha256 for plan in found for member in plan.members}
    assert told == {one.sha256 for one in frozen.samples}
    assert all(len(plan.name.removesuffix(".tar").partition("-")[2]) == 32 for plan in found)
