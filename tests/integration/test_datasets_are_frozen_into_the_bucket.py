"""A version is written whole or not at all, once however often it is frozen, and copied out as it is."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from laptop_platform import bare_cloud

from medloop.aws.clients import client, session
from medloop.aws.datasets import DatasetDamaged, download_version, read_exclusions, read_samples
from medloop.aws.shards import ArrayChanged
from medloop.catalogue.connection import Catalogue
from medloop.catalogue.datasets import list_datasets
from medloop.catalogue.images import Image, add_image
from medloop.catalogue.labels import record_labels
from medloop.catalogue.secret import Connection
from medloop.catalogue.sides import sides_of
from medloop.catalogue.uploads import Upload, accept_without_image, register_upload
from medloop.freezing import Frozen, freeze_dataset
from medloop.imaging.arrays import encode_array
from medloop.rules.labels import class_labels, parse_labels
from medloop.rules.project import Project
from medloop.rules.shards import members
from training.data.channel import stream_files
from training.data.manifest import read_manifest

AT = datetime(2026, 1, 1, tzinfo=UTC)
SHAPES = Project(project="shapes", classes=("ring", "cross"))
BUCKET = "curated"
IMAGES = 60


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with bare_cloud() as cloud, pytest.MonkeyPatch.context() as environment:
        for name, value in cloud.aws.items():
            environment.setenv(name, value)
        forget_clients()
        yield client("s3")
        forget_clients()


def forget_clients() -> None:
    client.cache_clear()
    session.cache_clear()


@pytest.fixture
def bucket(s3: Any) -> str:
    """An empty bucket of its own for each test."""
    name = f"{BUCKET}-{hashlib.sha256(str(datetime.now(UTC)).encode()).hexdigest()[:12]}"
    s3.create_bucket(Bucket=name)
    return name


def image_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def array(number: int) -> bytes:
    return encode_array(np.random.default_rng(number).normal(0, 1, (8, 6)).astype(np.float32))


def row(number: int, **changes: Any) -> Image:
    image, digest = image_of(number), hashlib.sha256(array(number)).hexdigest()
    made = {"purpose": "labelled", "label": SHAPES.classes[number % 2], "patient_group": f"p{number // 2}"}
    facts = '{"columns": 6, "rows": 8}'
    path = f"images/shapes/{image}.npy"
    at = AT + timedelta(seconds=number)
    of: dict[str, Any] = {"content_sha256": digest, "array_path": path, "array_sha256": digest}
    size = {"array_bytes": len(array(number))}
    return Image(id=image, project="shapes", facts=facts, accepted_at=at, **made | of | size | changes)


@pytest.fixture
def filled(catalogue: Catalogue, bucket: str, s3: Any) -> Catalogue:
    for number in range(IMAGES):
        s3.put_object(Bucket=bucket, Key=row(number).array_path, Body=array(number))
    catalogue.run(lambda conn: [add_image(conn, row(number)) for number in range(IMAGES)])
    return catalogue


def frozen(catalogue: Catalogue, bucket: str, hours: float = 0) -> Frozen:
    return freeze_dataset(SHAPES, catalogue, bucket, AT + timedelta(hours=hours))


def keys(s3: Any, bucket: str) -> dict[str, str]:
    """Key → ETag of everything below datasets/."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix="datasets/").get("Contents", [])
    return {item["Key"]: item["ETag"] for item in found}


def test_what_is_frozen_is_what_a_job_streams(
    filled: Catalogue, bucket: str, s3: Any, tmp_path: Path
) -> None:
    contents = frozen(filled, bucket).contents
    download_version(bucket, contents, tmp_path, lambda shard: None)
    samples = read_manifest(tmp_path / "manifest.jsonl")
    streamed = {files.sample.image: files.array for files in stream_files(samples, tmp_path)}
    assert streamed == {image_of(number): array(number) for number in range(IMAGES)}
    assert json.loads((tmp_path / "dataset.json").read_text())["dataset"] == contents.dataset
    listing = s3.get_object(Bucket=bucket, Key=f"datasets/shapes/{contents.dataset}/objects.manifest")
    prefix, *paths = json.loads(listing["Body"].read())
    assert prefix == {"prefix": f"s3://{bucket}/"} and paths == [shard.path for shard in contents.shards]


def test_freezing_again_writes_nothing(filled: Catalogue, bucket: str, s3: Any) -> None:
    first = frozen(filled, bucket)
    before = keys(s3, bucket)
    again = frozen(filled, bucket, hours=1)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.contents == first.contents and keys(s3, bucket) == before
    [version] = filled.read(list_datasets)
    assert (version.samples, version.created_at, version.excluded) == (IMAGES, AT, 0)
    assert version.bytes == sum(shard.size for shard in first.contents.shards)


def test_an_interrupted_freeze_is_no_version_and_goes_on_where_it_stopped(
    filled: Catalogue, bucket: str, s3: Any
) -> None:
    last = row(IMAGES - 1)
    s3.delete_object(Bucket=bucket, Key=last.array_path)
    with pytest.raises(LookupError):
        frozen(filled, bucket)
    assert filled.read(list_datasets) == []
    assert not any(key.endswith("dataset.json") for key in keys(s3, bucket))
    s3.put_object(Bucket=bucket, Key=last.array_path, Body=array(IMAGES - 1))
    shards = {key for key in keys(s3, bucket) if key.endswith(".tar")}
    assert frozen(filled, bucket).is_new
    assert shards < {key for key in keys(s3, bucket) if key.endswith(".tar")}


def test_what_lies_in_a_shards_place_and_is_none_of_ours_is_written_anew(
    filled: Catalogue, bucket: str, s3: Any
) -> None:
    shard = frozen(filled, bucket).contents.shards[0]
    s3.put_object(Bucket=bucket, Key=shard.path, Body=b"somebody else's")
    whole = next(key for key in keys(s3, bucket) if key.endswith("dataset.json"))
    s3.delete_object(Bucket=bucket, Key=whole)
    assert frozen(filled, bucket).contents.shards[0] == shard
    content = s3.get_object(Bucket=bucket, Key=shard.path)["Body"].read()
    assert hashlib.sha256(content).hexdigest() == shard.sha256


def test_a_version_whose_row_was_never_written_gets_it(filled: Catalogue, bucket: str) -> None:
    first = frozen(filled, bucket)
    filled.run(lambda conn: conn.execute("DELETE FROM datasets"))
    assert not frozen(filled, bucket, hours=2).is_new
    assert [version.id for version in filled.read(list_datasets)] == [first.dataset.id]


def test_an_array_that_changed_is_not_frozen(filled: Catalogue, bucket: str, s3: Any) -> None:
    s3.put_object(Bucket=bucket, Key=row(3).array_path, Body=array(4))
    with pytest.raises(ArrayChanged, match=image_of(3)):
        frozen(filled, bucket)
    assert filled.read(list_datasets) == []


def test_growth_keeps_every_patient_on_its_side(filled: Catalogue, bucket: str, s3: Any) -> None:
    before = frozen(filled, bucket)
    settled = filled.read(lambda conn: sides_of(conn, "shapes"))
    assert settled == before.dataset.sides
    for number in range(IMAGES, IMAGES + 20):
        s3.put_object(Bucket=bucket, Key=row(number).array_path, Body=array(number))
    filled.run(lambda conn: [add_image(conn, row(number)) for number in range(IMAGES, IMAGES + 20)])
    after = frozen(filled, bucket, hours=1)
    assert after.dataset.id != before.dataset.id
    assert before.dataset.sides.items() <= after.dataset.sides.items()
    assert filled.read(lambda conn: sides_of(conn, "shapes")) == after.dataset.sides


def test_labels_that_come_later_make_a_version_that_shares_the_shards(filled: Catalogue, bucket: str) -> None:
    late = row(IMAGES, purpose="images", label=None, source_path="s1/late.png", patient_group="p0")
    client("s3").put_object(Bucket=bucket, Key=late.array_path, Body=array(IMAGES))
    filled.run(lambda conn: add_image(conn, late))
    before = frozen(filled, bucket)
    assert read_exclusions(bucket, "shapes", before.dataset.id)[0].reason == "unlabelled"
    lines = parse_labels(b"file,label\ns1/late.png,cross\n", SHAPES.classes)

    def arrive(conn: Connection) -> None:
        register_upload(conn, Upload("t" * 32, "b", "k", "v", 1, "shapes", "labels", AT))
        record_labels(conn, class_labels(lines, "shapes", "e" * 32, (AT, ""), AT))
        register_upload(conn, Upload("e" * 32, "b", "l", "v", 1, "shapes", "labels", AT))
        accept_without_image(conn, "e" * 32, AT)

    filled.run(arrive)
    after = frozen(filled, bucket, hours=1)
    [told] = [one for one in read_samples(bucket, "shapes", after.dataset.id) if one.image == late.id]
    assert (told.labels, told.source, told.line) == (("cross",), "e" * 32, 2)
    shared = {shard.path for shard in before.contents.shards} & {s.path for s in after.contents.shards}
    assert len(shared) == 2  # its side's shard is another one


def test_a_version_that_was_tampered_with_is_not_read(
    filled: Catalogue, bucket: str, s3: Any, tmp_path: Path
) -> None:
    contents = frozen(filled, bucket).contents
    [shard, *_] = contents.shards
    whole = s3.get_object(Bucket=bucket, Key=shard.path)["Body"].read()
    s3.put_object(Bucket=bucket, Key=shard.path, Body=whole[:700] + b"!" + whole[701:])
    with pytest.raises(DatasetDamaged, match="changed"):
        download_version(bucket, contents, tmp_path, lambda done: None)
    assert list((tmp_path / "shards").iterdir()) == []
    s3.put_object(Bucket=bucket, Key=shard.path, Body=whole)
    download_version(bucket, contents, tmp_path, lambda done: None)
    read = (tmp_path / "shards" / Path(shard.path).name).read_bytes()
    assert len(list(members(lambda offset, count: read[offset : offset + count]))) == shard.samples
    manifest = f"datasets/shapes/{contents.dataset}/manifest.jsonl"
    s3.put_object(Bucket=bucket, Key=manifest, Body=b"")
    with pytest.raises(DatasetDamaged, match="manifest was changed"):
        read_samples(bucket, "shapes", contents.dataset)
