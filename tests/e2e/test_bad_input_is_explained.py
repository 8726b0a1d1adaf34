"""Whatever is dropped into the bucket ends accepted once, or quarantined with a reason and a hint."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from medloop.catalogue.images import get_image
from medloop.cli.status import screen
from medloop.cli.target import console
from medloop.platform import catalogue
from medloop.rules.reasons import Reason
from tests.e2e.loop import Loop

pytestmark = pytest.mark.cloud


def png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (24, 24), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def escaping_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../etc/cron.d/ring.png", png(4))
    return buffer.getvalue()


BAD = [
    ("labelled/ring/empty.png", b"", Reason.EMPTY),
    ("labelled/ring/letter.dcm", b"Dear colleague, the patient ...", Reason.NOT_AN_IMAGE),
    ("labelled/ring/cut.png", png(1)[:200], Reason.TRUNCATED),
    ("labelled/triangle/new-class.png", png(2), Reason.UNKNOWN_CLASS),
    ("somewhere/else.png", png(3), Reason.MISPLACED),
    ("labels/none.csv", b"file,label\n", Reason.INVALID_LABELS),
    ("labelled/ring/deck.pptx", b"PK\x03\x04" + bytes(60), Reason.UNSUPPORTED_FORMAT),
    ("images/escaping.zip", escaping_archive(), Reason.ZIP_PATH),
    ("images/manifest.json", b"{}", Reason.INVALID_MANIFEST),
]


@pytest.mark.parametrize(("name", "content", "reason"), BAD, ids=[name for name, _, _ in BAD])
def test_it_is_quarantined_with_its_reason(shapes: Loop, name: str, content: bytes, reason: Reason) -> None:
    (upload,) = shapes.wait_for_verdicts([shapes.put(name, content)])
    assert (upload.state, upload.reason) == ("quarantined", reason.value)


@pytest.mark.parametrize(
    "name",
    ["a b+c%20d.png", "Müller/Ünïcode 影像.png", "...png", "100%.png", "a&b=c?d#e.png"],
)
def test_any_key_is_taken_in_once(shapes: Loop, name: str) -> None:
    (upload,) = shapes.wait_for_verdicts([shapes.put(f"labelled/ring/{name}", png(len(name)))])
    assert upload.state == "accepted"


def test_the_same_object_twice_is_learnt_from_once(shapes: Loop) -> None:
    first = shapes.put("labelled/ring/twice.png", png(77))
    assert shapes.wait_for_verdicts([first])[0].state == "accepted"
    again = shapes.put("labelled/ring/twice.png", png(77))
    assert shapes.wait_for_verdicts([again])[0].state == "accepted"
    copy = catalogue().read(lambda conn: get_image(conn, again))
    assert copy is not None and copy.duplicate_of == first


def test_a_project_may_come_after_its_images(shapes: Loop) -> None:
    late = Loop(shapes.settings, "late")
    image = late.put("labelled/a/early.png", png(5))
    (upload,) = late.wait_for_verdicts([image])
    assert upload.reason == Reason.UNKNOWN_PROJECT.value
    late.create(("a", "b"))
    late_upload = None
    while late_upload is None or late_upload.state != "accepted":
        (late_upload,) = late.wait_for_verdicts([image])
    assert late_upload.state == "accepted"


def test_a_wrong_project_yaml_names_its_field(shapes: Loop) -> None:
    wrong = Loop(shapes.settings, "wrong")
    (upload,) = wrong.wait_for_verdicts([wrong.put("project.yaml", b"classes: [a, b]\nepochs: 3\n")])
    assert upload.reason == Reason.INVALID_PROJECT.value
    assert "epochs" in json.loads(upload.details or "{}")["problem"]


def test_status_shows_reason_and_hint_but_no_key(shapes: Loop) -> None:
    shapes.wait_for_verdicts([shapes.put("labelled/ring/Mustermann^Max.dcm", b"")])
    with console.capture() as shown:
        console.print(screen(shapes.settings), width=200)
    assert "empty" in shown.get() and Reason.EMPTY.explanation.hint[:20] in shown.get()
    assert "Mustermann" not in shown.get()
