"""One object version in S3 as a file that can be read from anywhere, without fetching it whole."""

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from botocore.exceptions import ClientError

from medloop.aws.clients import client
from medloop.aws.objects import GONE, ObjectGone

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES: Final = 8 * 2**20
"""One request fetches so much: a tenth of a second's transfer beside some 30 ms of waiting for it."""

BLOCKS: Final = 3
"""Kept in memory: where the reading is, and where the table of contents of an archive lies."""

_CHANGED: Final = frozenset({"412", "PreconditionFailed"})


class RangedFile(io.RawIOBase):
    """Fetches whole blocks through `read_range(start, end)`, the end not included, and keeps the last ones.

    Wrap it into io.BufferedReader: many small reads are slow here, and a read may return less than asked for.
    """

    def __init__(
        self,
        size: int,
        read_range: Callable[[int, int], bytes],
        block_bytes: int = BLOCK_BYTES,
        blocks: int = BLOCKS,
    ) -> None:
        super().__init__()
        self._size, self._read_range = size, read_range
        self._block_bytes, self._most_blocks = block_bytes, blocks
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Raises ValueError in front of the beginning; behind the end there is nothing to read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative position")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if self._position >= self._size:
            return 0
        number, start = divmod(self._position, self._block_bytes)
        piece = memoryview(self._block(number))[start:]
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(piece))
        target[:count] = piece[:count]
        self._position += count
        return count

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            start = number * self._block_bytes
            end = min(start + self._block_bytes, self._size)
            while len(self._blocks) >= self._most_blocks:
                self._blocks.popitem(last=False)
            content = self._read_range(start, end)
            if len(content) != end - start:
                raise OSError(f"{len(content)} bytes of a range of {end - start}")
            self._blocks[number] = content
        self._blocks.move_to_end(number)
        return self._blocks[number]


def open_version(bucket: str, key: str, version_id: str, size: int) -> BinaryIO:
    """One version of an object, `size` bytes long. Every request names it, so that no other can slip in.

    Raises:
        ObjectGone: deleted, or overwritten where the bucket keeps no versions; also while it is read.
    """
    version = {} if version_id == "null" else {"VersionId": version_id}
    asked: dict[str, Any] = {"Bucket": bucket, "Key": key, **version}
    head = _answer("head_object", asked)
    if head["ContentLength"] != size:
        raise ObjectGone
    asked["IfMatch"] = head["ETag"]

    def read_range(start: int, end: int) -> bytes:
        body: bytes = _answer("get_object", {**asked, "Range": f"bytes={start}-{end - 1}"})["Body"].read()
        return body

    return io.BufferedReader(RangedFile(size, read_range))


def _answer(operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(client("s3"), operation)(**asked)
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE | _CHANGED:
            raise ObjectGone from None
        raise
    return answer
