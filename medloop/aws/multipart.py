"""Large objects in parts, which survive a lost connection until they are put together or thrown away."""

from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from medloop.aws.clients import client

UNKNOWN: Final = frozenset({"NoSuchUpload", "404"})


class NoSuchUpload(LookupError):
    """It was completed, thrown away, or never begun."""


@dataclass(frozen=True)
class Part:
    number: int
    etag: str
    size: int


def begin(bucket: str, key: str) -> str:
    """The upload's id."""
    answer = client("s3").create_multipart_upload(Bucket=bucket, Key=key)
    return str(answer["UploadId"])


def parts(bucket: str, key: str, upload: str) -> list[Part]:
    """Those that arrived whole, by number.

    Raises:
        NoSuchUpload: it is no more.
    """
    found: list[Part] = []
    try:
        for page in (
            client("s3").get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload)
        ):
            found += [Part(part["PartNumber"], part["ETag"], part["Size"]) for part in page.get("Parts", [])]
    except ClientError as error:
        raise _known(error) from None
    return found


def complete(bucket: str, key: str, upload: str, arrived: list[Part]) -> None:
    """Raises NoSuchUpload."""
    listed = [{"PartNumber": part.number, "ETag": part.etag} for part in arrived]
    try:
        client("s3").complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": listed}
        )
    except ClientError as error:
        raise _known(error) from None


def abort(bucket: str, key: str, upload: str) -> None:
    """Throw its parts away; harmless when they are gone."""
    try:
        client("s3").abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
    except ClientError as error:
        if error.response["Error"]["Code"] not in UNKNOWN:
            raise


def _known(error: ClientError) -> Exception:
    return NoSuchUpload() if error.response["Error"]["Code"] in UNKNOWN else error
