"""Dataset versions in the curated bucket: `datasets/<project>/<id>/`, beside the shards that they share.

`manifest.jsonl` names the samples, and its SHA-256 is the version's id; `exclusions.jsonl` says what was left
out; `objects.manifest` lists the shards as SageMaker wants them; `dataset.json` sums it up and comes last.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from botocore.exceptions import ClientError
from pydantic import BaseModel

from events.dataset import DatasetContents, Exclusion, Sample, Shard
from medloop.aws import objects
from medloop.aws.clients import client

FILES = ("dataset.json", "manifest.jsonl", "exclusions.jsonl")

BLOCK = 2**20
"""Bytes read at a time."""


class DatasetDamaged(RuntimeError):
    """What lies in the bucket is not what was frozen; the text names the version or the shard."""


def folder_of(project: str, dataset: str) -> str:
    return f"datasets/{project}/{dataset}"


def write_version(bucket: str, contents: DatasetContents, manifest: str, left: Iterable[Exclusion]) -> None:
    """Write everything but the shards, which are there already; a version without contents is incomplete."""
    folder = folder_of(contents.project, contents.dataset)
    listing = [{"prefix": f"s3://{bucket}/"}, *(shard.path for shard in contents.shards)]
    objects.write(bucket, f"{folder}/objects.manifest", json.dumps(listing).encode())
    objects.write(bucket, f"{folder}/manifest.jsonl", manifest.encode())
    objects.write(bucket, f"{folder}/exclusions.jsonl", lines(left))
    objects.write(bucket, f"{folder}/dataset.json", contents.model_dump_json(indent=2).encode())


def lines(rows: Iterable[BaseModel]) -> bytes:
    return "".join(row.model_dump_json(exclude_defaults=True) + "\n" for row in rows).encode()


def read_contents(bucket: str, project: str, dataset: str) -> DatasetContents | None:
    """What a version holds; None where it is not complete, or from before shards."""
    try:
        stored = objects.read(bucket, f"{folder_of(project, dataset)}/dataset.json")
    except objects.ObjectGone:
        return None
    return DatasetContents.model_validate_json(stored)


def read_samples(bucket: str, project: str, dataset: str) -> tuple[Sample, ...]:
    """A version's samples, by image id.

    Raises:
        DatasetDamaged: the manifest is gone, or is not the one that the id is the hash of.
    """
    try:
        manifest = objects.read(bucket, f"{folder_of(project, dataset)}/manifest.jsonl")
    except objects.ObjectGone:
        raise DatasetDamaged(f"dataset {dataset}: its manifest is gone") from None
    if hashlib.sha256(manifest).hexdigest() != dataset:
        raise DatasetDamaged(f"dataset {dataset}: its manifest was changed")
    return tuple(Sample.model_validate_json(line) for line in manifest.splitlines())


def read_exclusions(bucket: str, project: str, dataset: str) -> tuple[Exclusion, ...]:
    """What a version leaves out, by image id; nothing for versions from before that was written."""
    try:
        stored = objects.read(bucket, f"{folder_of(project, dataset)}/exclusions.jsonl")
    except objects.ObjectGone:
        return ()
    return tuple(Exclusion.model_validate_json(line) for line in stored.splitlines())


def download_version(
    bucket: str, contents: DatasetContents, folder: Path, progress: Callable[[Shard], None]
) -> None:
    """Copy a version to this machine: its lists, and each shard below `shards/`, verified.

    May be repeated after an interruption: shards that are there and whole are not fetched again.

    Raises:
        DatasetDamaged: the manifest or a shard is not what was frozen.
        ObjectGone: a part is not there any more.
    """
    read_samples(bucket, contents.project, contents.dataset)
    (folder / "shards").mkdir(parents=True, exist_ok=True)
    for shard in contents.shards:
        target = folder / "shards" / Path(shard.path).name
        if not (target.exists() and sha256_of(target) == shard.sha256):
            download_shard(bucket, shard, target)
        progress(shard)
    source = folder_of(contents.project, contents.dataset)
    for name in FILES:
        (folder / name).write_bytes(objects.read(bucket, f"{source}/{name}"))


def download_shard(bucket: str, shard: Shard, target: Path) -> None:
    partial = target.with_suffix(".partial")
    fetch(bucket, shard.path, partial)
    if sha256_of(partial) != shard.sha256:
        partial.unlink()
        raise DatasetDamaged(f"shard {target.name}: its bytes were changed")
    partial.replace(target)


def fetch(bucket: str, key: str, target: Path) -> None:
    try:
        client("s3").download_file(bucket, key, str(target))
    except ClientError as error:
        if error.response["Error"]["Code"] in objects.GONE:
            raise DatasetDamaged(f"{target.stem}: it is not there any more") from None
        raise


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
