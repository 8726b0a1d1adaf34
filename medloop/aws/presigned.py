"""Addresses that let a browser read or write one object for a quarter of an hour, and nothing else."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from botocore.config import Config

from medloop.aws.clients import session

SECONDS: Final = 900
"""For which an address is good; the token that got it is good for an hour."""


@dataclass(frozen=True)
class Signed:
    url: str
    expires_at: datetime


@cache
def signer() -> Any:
    return session().client("s3", config=signing(os.environ.get("AWS_ENDPOINT_URL")))


def signing(endpoint: str | None) -> Config:
    """Version 4 signatures in every region: what a customer's key encrypts is given out to no other.

    On AWS the address is the region's own: boto3 would sign the one of all regions, which sends browsers on
    to another, where the signature is worth nothing. A laptop's cloud has one address for everything.
    """
    own = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    return Config(signature_version="s3v4", s3=None if endpoint else own)


def reading(bucket: str, key: str, now: datetime, file_name: str | None = None) -> Signed:
    """To GET the object's newest version; saved under `file_name` where one is given."""
    saved = {} if file_name is None else {"ResponseContentDisposition": f'attachment; filename="{file_name}"'}
    return _signed("get_object", now, Bucket=bucket, Key=key, **saved)


def writing(bucket: str, key: str, size: int, now: datetime) -> Signed:
    """To PUT exactly `size` bytes: another length is another signature."""
    return _signed("put_object", now, Bucket=bucket, Key=key, ContentLength=size)


def writing_part(bucket: str, key: str, upload: str, number: int, now: datetime) -> Signed:
    """To PUT one part of a multipart upload; `number` from 1."""
    return _signed("upload_part", now, Bucket=bucket, Key=key, UploadId=upload, PartNumber=number)


def _signed(operation: str, now: datetime, **parameters: Any) -> Signed:
    url = signer().generate_presigned_url(operation, Params=parameters, ExpiresIn=SECONDS)
    return Signed(str(url), now + timedelta(seconds=SECONDS))
