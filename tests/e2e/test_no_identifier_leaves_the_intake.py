"""Names are planted wherever a file can hold one; none is found outside the uploads bucket.

The catalogue keeps the keys that users chose, to find an upload's labels and to read it again: their columns
are the only place besides, and are left out by name.
"""

import io
import json
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Image
from PIL import Image, PngImagePlugin

from local.state import Laptop
from medloop.aws import objects
from medloop.aws.clients import client
from medloop.catalogue.connection import Catalogue
from medloop.catalogue.dump import dump
from medloop.platform import catalogue
from medloop.settings import Settings
from tests.e2e.loop import Loop
from tests.identified import ROOT, WORD, filled, listed, nested
from tests.images import ramp, written

pytestmark = pytest.mark.cloud

CANARIES = (WORD.encode(), ROOT.encode())

KEYS_OF_USERS = {"key", "source_path", "target"}


def with_names() -> bytes:
    return written(nested(filled(listed()), 0))


def png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", WORD)
    buffer = io.BytesIO()
    Image.fromarray(ramp(dtype="u1")).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(ramp(dtype="u1")).save(buffer, "JPEG", comment=WORD.encode())
    return buffer.getvalue()


def nifti() -> bytes:
    image = Nifti1Image(np.arange(60, dtype=np.float32).reshape(3, 4, 5), np.eye(4))
    image.header["descrip"], image.header["aux_file"] = WORD.encode(), WORD.encode()
    return bytes(image.to_bytes())


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = WORD.encode()
        archive.writestr(f"{WORD}/{WORD}.dcm", content)
    return buffer.getvalue()


FILES = {
    f"labelled/ring/{WORD}^JOHN/good.dcm": with_names(),
    f"labelled/ring/{WORD}.png": png(),
    f"images/{WORD}.jpg": jpeg(),
    f"images/{WORD}.nii": nifti(),
    f"images/{WORD}.zip": zipped(written(nested(filled(listed()), 1))),
    f"labelled/ring/{WORD}-cut.dcm": with_names()[:-40],
    f"labelled/ring/{WORD}.txt": f"Patient {WORD}".encode(),
    f"labelled/{WORD}/unknown-class.png": png(),
    f"labels/{WORD}.csv": f"file,label\n{WORD}.png,{WORD}\n".encode(),
    f"images/{WORD}/manifest.json": json.dumps({"files": [{WORD: WORD}]}).encode(),
    f"{WORD}/nowhere.png": png(),
}


@pytest.fixture(scope="module")
def everything(settings: Settings) -> Loop:
    loop = Loop(settings, "canaries")
    loop.create(("ring", "cross"))
    loop.wait_for_verdicts([loop.put(name, content) for name, content in FILES.items()])
    return loop


def found(sources: Iterator[tuple[str, bytes]]) -> list[str]:
    return [name for name, content in sources for canary in CANARIES if canary in content]


def log_lines() -> Iterator[tuple[str, bytes]]:
    logs = client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
            yield from ((name, event["message"].encode()) for event in page["events"])


def stored(buckets: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for bucket in buckets:
        for key in objects.list_keys(bucket, ""):
            yield bucket, key.encode() + objects.read(bucket, key)


def rows(of: Catalogue) -> Iterator[tuple[str, bytes]]:
    tables = of.read(lambda conn: {name: list(lines) for name, lines in dump(conn).items()})
    for table, lines in tables.items():
        for line in lines:
            kept = {
                column: value for column, value in json.loads(line).items() if column not in KEYS_OF_USERS
            }
            yield table, json.dumps(kept).encode()


def test_the_files_hold_what_is_sought(everything: Loop) -> None:
    uploads = everything.settings.uploads_bucket
    keys = [key for key in objects.list_keys(uploads, "canaries/") if WORD in key]
    assert len(keys) >= len(FILES)
    assert sum(WORD.encode() in objects.read(uploads, key) for key in keys) >= 8


def test_no_log_line_holds_one(everything: Loop) -> None:
    assert sum(1 for _ in log_lines()) > 20
    assert not found(log_lines())


def test_no_object_of_ours_holds_one(everything: Loop) -> None:
    ours = everything.settings
    buckets = (ours.curated_bucket, ours.models_bucket, ours.predictions_bucket)
    assert len(list(objects.list_keys(ours.curated_bucket, "images/canaries/"))) >= 5
    assert not found(stored(buckets))


def test_no_row_holds_one_but_where_keys_are(everything: Loop) -> None:
    assert not found(rows(catalogue()))


def test_no_alert_metric_or_trace_holds_one(everything: Loop, cloud: Laptop) -> None:
    services = ("cloudwatch", "sns", "scheduler", "dynamodb")
    states = [cloud.home / "state" / f"{service}.json" for service in services]
    files = [*states, cloud.home / "webhooks.jsonl", *(cloud.home / "logs").glob("*")]
    assert states[0].exists()
    assert not found((file.name, file.read_bytes()) for file in files if file.is_file())
