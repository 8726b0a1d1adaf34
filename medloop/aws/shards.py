"""Shards in S3: the files of one are gathered by many reads at a time, and written as one object."""

import hashlib
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any

from botocore.exceptions import ClientError

from medloop.aws import objects
from medloop.aws.clients import client
from medloop.rules.shards import END, Member, header, padding

READERS = 16
IN_FLIGHT = 64 * 2**20
"""Bytes fetched but not yet written; one array may be larger."""


class ArrayChanged(RuntimeError):
    """An array in the curated bucket is not the one that was accepted; the text names the image."""


@dataclass(frozen=True)
class Stored:
    sha256: str
    size: int


def find_shard(bucket: str, key: str) -> Stored | None:
    """What is stored under this name already; None for what is none of ours, which is written anew."""
    try:
        found = client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in objects.GONE:
            return None
        raise
    digest = found["Metadata"].get("sha256")
    return None if digest is None else Stored(digest, int(found["ContentLength"]))


def store_shard(bucket: str, key: str, members: Iterable[Member]) -> Stored:
    """Gather the members, verify each, and write them as one object.

    Holds 64 MiB of arrays in memory, or the largest of them, and the shard on disk.

    Raises:
        ArrayChanged: an array's bytes are not those of the manifest.
        ObjectGone: an array is not there any more.
    """
    with tempfile.TemporaryFile() as file:
        digest = hashlib.sha256()
        for piece in _pieces(bucket, members):
            digest.update(piece)
            file.write(piece)
        stored = Stored(digest.hexdigest(), file.tell())
        file.seek(0)
        _upload(bucket, key, file, stored)
    return stored


def _pieces(bucket: str, members: Iterable[Member]) -> Iterator[bytes]:
    for member, content in _fetched(bucket, members):
        if hashlib.sha256(content).hexdigest() != member.sha256:
            raise ArrayChanged(f"image {member.name.partition('.')[0]}: its array differs from its hash")
        yield header(member.name, len(content))
        yield content
        yield padding(len(content))
    yield END


def _fetched(bucket: str, members: Iterable[Member]) -> Iterator[tuple[Member, bytes]]:
    """In order, read ahead."""
    waiting: deque[tuple[Member, Future[bytes]]] = deque()
    size = 0
    with ThreadPoolExecutor(READERS) as pool:
        for member in members:
            while waiting and (len(waiting) >= 2 * READERS or size + member.size > IN_FLIGHT):
                first, content = waiting.popleft()
                size -= first.size
                yield first, content.result()
            waiting.append((member, pool.submit(objects.read, bucket, member.path)))
            size += member.size
        for first, content in waiting:
            yield first, content.result()


def _upload(bucket: str, key: str, file: IO[bytes], stored: Stored) -> None:
    extra: dict[str, Any] = {"ContentType": "application/x-tar", "Metadata": {"sha256": stored.sha256}}
    client("s3").upload_fileobj(file, bucket, key, ExtraArgs=extra)
