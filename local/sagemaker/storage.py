"""S3 and archives: a job's channels in, its checkpoints both ways, its curves, model and results out."""

import json
import shutil
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.sagemaker.errors import invalid
from local.sagemaker.names import bucket_and_key
from local.sagemaker.state import Record

AT_ONCE = 8
"""Objects under way at a time."""


def fetch_channel(s3: Any, channel: Record, folder: Path) -> None:
    """Copy a channel's objects into its folder.

    Raises:
        ServiceError: the channel names nothing, or a key that would leave the folder.
    """
    source = channel["DataSource"]["S3DataSource"]
    listing = _manifest if source["S3DataType"] == "ManifestFile" else _prefix
    objects = list(listing(s3, source["S3Uri"]))
    if not objects:
        raise invalid(f"No S3 objects found under S3 URL {source['S3Uri']}.")
    _fetch_all(s3, objects, folder)


def fetch_prefix(s3: Any, uri: str, folder: Path) -> None:
    """Copy whatever lies under the prefix; nothing is fine."""
    _fetch_all(s3, list(_prefix(s3, uri)), folder)


def fetch(s3: Any, bucket: str, key: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    with file.open("wb") as target:
        shutil.copyfileobj(body, target, 1 << 20)


def store(s3: Any, file: Path, uri: str, key_id: str | None = None) -> None:
    bucket, key = bucket_and_key(uri)
    with file.open("rb") as content:
        s3.put_object(Bucket=bucket, Key=key, Body=content, **encryption(key_id))


def store_bytes(s3: Any, content: bytes, uri: str) -> None:
    bucket, key = bucket_and_key(uri)
    s3.put_object(Bucket=bucket, Key=key, Body=content)


def encryption(key_id: str | None) -> dict[str, str]:
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}


def pack(folder: Path, archive: Path) -> None:
    """A tar.gz of the folder's content, its members named from the folder on."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for entry in sorted(folder.iterdir()):
            tar.add(entry, arcname=entry.name)


def unpack(archive: Path, folder: Path) -> None:
    """Raises tarfile.TarError for what is no archive, or would leave the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "r:gz") as tar:
        tar.extractall(folder, filter="data")


class Mirror:
    """Keeps a folder's copy in S3 up to date; a restored file is not sent back."""

    def __init__(self, s3: Any, uri: str, folder: Path) -> None:
        self.s3, self.uri, self.folder = s3, uri.rstrip("/"), folder
        self.sent: dict[str, tuple[int, int]] = {}

    def restore(self) -> None:
        fetch_prefix(self.s3, f"{self.uri}/", self.folder)
        self.sent = self._present()

    def sync(self) -> None:
        for name, version in self._present().items():
            if self.sent.get(name) != version:
                # The container may write, replace or remove a file at any moment: what is sent is one
                # reading of it, and the next round sees what came later.
                with suppress(FileNotFoundError):
                    store_bytes(self.s3, (self.folder / name).read_bytes(), f"{self.uri}/{name}")
                    self.sent[name] = version

    def _present(self) -> dict[str, tuple[int, int]]:
        found = {}
        for file in sorted(self.folder.rglob("*")):
            with suppress(FileNotFoundError):
                if file.is_file():
                    facts = file.stat()
                    found[file.relative_to(self.folder).as_posix()] = (facts.st_mtime_ns, facts.st_size)
        return found


def _prefix(s3: Any, uri: str) -> Iterator[tuple[str, str, str]]:
    """Bucket, key and path in the channel of every object under the prefix, as SageMaker names them."""
    bucket, prefix = bucket_and_key(uri)
    folder = prefix.rstrip("/") + "/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            key = entry["Key"]
            inside = key.removeprefix(folder) if key.startswith(folder) else key[prefix.rfind("/") + 1 :]
            if inside and not key.endswith("/"):
                yield bucket, key, inside


def _manifest(s3: Any, uri: str) -> Iterator[tuple[str, str, str]]:
    """`[{"prefix": "s3://bucket/folder/"}, "a.npy", …]`: what the manifest names, and nothing else."""
    bucket, key = bucket_and_key(uri)
    first, *entries = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    for entry in entries:
        yield (*bucket_and_key(first["prefix"] + entry), entry)


def _fetch_all(s3: Any, objects: list[tuple[str, str, str]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    root = folder.resolve()
    for _, key, inside in objects:
        if not (root / inside).resolve().is_relative_to(root):
            raise invalid(f"The key {key} leaves its channel.")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for copy in [pool.submit(fetch, s3, bucket, key, root / inside) for bucket, key, inside in objects]:
            copy.result()
