"""Objects sent to an archive, and what it says of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pydicom
import requests
from dicomweb_client import DICOMwebClient
from pydicom.dataset import Dataset

WHOLE: Final = 2**31
"""Bytes: never in chunks. dicomweb-client 0.61 would send none of them when it tries again."""

TRIES: Final = 3

REFUSED: Final = 409
"""None of the objects was stored; the body says why (PS3.18 table 10.5.3-1)."""

MALFORMED: Final = 400

REASONS: Final = (
    (0xFF00, 0xA700, "the archive is out of space or memory"),
    (0xFF00, 0xA900, "the object is not what its SOP class demands"),
    (0xF000, 0xC000, "the archive cannot understand the object"),
    (0xFFFF, 0x0110, "the archive failed while storing it"),
    (0xFFFF, 0x0122, "the archive takes no objects of this SOP class"),
    (0xFFFF, 0x0124, "the archive does not let this user store"),
)
"""Mask, value and meaning of FailureReason (PS3.18 annex I.2.2)."""


class ArchiveUnreachable(Exception):
    """Nothing of the parcel was stored; the text says why, without any of its content."""


@dataclass(frozen=True)
class Archive:
    url: str
    """Of the DICOMweb service, such as https://pacs.example/dicom-web."""
    token: str = ""
    user: tuple[str, str] | None = None
    authorities: Path | None = None
    """PEM file of the certificate authorities that may vouch for the archive."""
    seconds: float = 120.0
    """Of patience with one parcel."""

    def client(self) -> DICOMwebClient:
        session = requests.Session()
        session.auth = self.user
        session.verify = str(self.authorities) if self.authorities else True
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        client = DICOMwebClient(
            self.url, session=session, headers=headers, chunk_size=WHOLE, timeout=self.seconds
        )
        client.set_http_retry_params(max_attempts=TRIES, wait_exponential_multiplier=500)
        return client


def store(archive: DICOMwebClient, files: Sequence[Path]) -> dict[Path, str]:
    """The files that the archive did not store, each with the reason. Storing twice is no harm.

    Raises:
        ArchiveUnreachable: no connection, no permission, or no answer that makes sense.
    """
    objects = {file: pydicom.dcmread(file) for file in files}
    try:
        answer = archive.store_instances(list(objects.values()))
    except requests.HTTPError as error:
        if error.response.status_code == MALFORMED:
            return _one_by_one(archive, files)
        answer = _refusal(error.response)
    except (requests.RequestException, OSError) as error:
        raise ArchiveUnreachable(f"no connection ({type(error).__name__})") from None
    failed = {str(one.ReferencedSOPInstanceUID): one for one in answer.get("FailedSOPSequence", None) or ()}
    return {
        file: reason(failed[str(made.SOPInstanceUID)])
        for file, made in objects.items()
        if str(made.SOPInstanceUID) in failed
    }


def _one_by_one(archive: DICOMwebClient, files: Sequence[Path]) -> dict[Path, str]:
    """Archives refuse a parcel as a whole for one object that they cannot take."""
    if len(files) == 1:
        return {files[0]: f"the archive refuses the object (HTTP {MALFORMED})"}
    return {file: why for one in files for file, why in store(archive, [one]).items()}


def _refusal(response: requests.Response) -> Dataset:
    if response.status_code == REFUSED:
        try:
            return Dataset.from_json(_first(response.json()))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ArchiveUnreachable("the archive refused everything, and does not say why") from None
    words = {401: "who you are", 403: "what you may do"}
    about = f" asks {words[response.status_code]}" if response.status_code in words else " does not store"
    raise ArchiveUnreachable(f"the archive{about} (HTTP {response.status_code})")


def _first(content: Any) -> Any:
    return content[0] if isinstance(content, list) else content


def reason(failed: Dataset) -> str:
    code = int(failed.get("FailureReason", 0))
    told = (text for mask, value, text in REASONS if code & mask == value)
    return f"{next(told, 'the archive gives no reason that is known')} ({code:#06x})"
