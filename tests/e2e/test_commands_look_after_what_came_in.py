"""Quarantine, labels, datasets and dead letters at the terminal, against a deployed stack."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from pydicom import uid

from medloop.aws.clients import client
from medloop.settings import Settings
from tests.e2e.loop import Loop, until
from tests.e2e.test_bad_input_is_explained import png
from tests.e2e.test_commands_do_what_they_say import medloop
from tests.e2e.test_failures_end_with_their_reason import depth, quick_retries
from tests.images import dicom, ramp

pytestmark = pytest.mark.cloud

CAPTURE = dicom(ramp(), SOPClassUID=uid.SecondaryCaptureImageStorage, BurnedInAnnotation="YES")
"""Has text in its pixels, so a person looks first."""

IMAGES = 60
"""Enough that each side of the split gets some, whatever the stack's key."""


def said(*words: str) -> str:
    result = medloop(*words)
    assert result.exit_code == 0, result.output
    return result.output


def told(*words: str) -> Any:
    return json.loads(said(*words, "--json"))


def members(shard: Path) -> int:
    with tarfile.open(shard) as archive:
        return len(archive.getnames())


@pytest.fixture(scope="module")
def wards(settings: Settings) -> Loop:
    loop = Loop(settings, "wards")
    loop.create(("a", "b"))
    return loop


def test_what_a_person_releases_is_taken_in(wards: Loop) -> None:
    (held,) = wards.wait_for_verdicts([wards.put("labelled/a/capture.dcm", CAPTURE)])
    assert held.reason == "burned_in_review"
    listed = told("quarantine", "list", "--project", "wards", "--reason", "burned_in_review")
    assert listed["id"] == held.id
    assert "burned_in_review" in said("quarantine", "show", held.id[:12])
    said("quarantine", "release", held.id)
    until("the acceptance", lambda: (row := wards.upload(held.id)) is not None and row.state == "accepted")


def test_a_retry_gives_the_same_verdict_to_the_same_file(wards: Loop) -> None:
    (cut,) = wards.wait_for_verdicts([wards.put("labelled/a/cut.dcm", CAPTURE[:-50])])
    assert cut.reason == "truncated"
    said("quarantine", "retry", cut.id)
    (again,) = wards.wait_for_verdicts([cut.id])
    assert (again.state, again.reason) == ("quarantined", "truncated")


def test_labels_may_come_before_and_after_and_change(wards: Loop, tmp_path: Path) -> None:
    table = b"file,label,split\n" + b"".join(
        b"%d.png,%s,\n" % (n, b"ab"[n % 2 : n % 2 + 1]) for n in range(IMAGES)
    )
    early = wards.put("labels/first.csv", table)
    images = [wards.put(f"images/{number}.png", png(100 + number)) for number in range(IMAGES)]
    wards.wait_for_verdicts([early, *images])
    first = told("dataset", "freeze", "wards")
    assert told("dataset", "freeze", "wards")["dataset"] == first["dataset"]
    wards.wait_for_verdicts([wards.put("labels/second.csv", b"file,label\n0.png,b\n")])
    second = told("dataset", "freeze", "wards")
    assert second["dataset"] != first["dataset"]
    assert first["dataset"][:12] in said("dataset", "list", "wards")
    assert "wards" in said("dataset", "show", first["dataset"][:12])
    assert "1" in said("dataset", "diff", first["dataset"][:12], second["dataset"][:12])
    said("dataset", "export", second["dataset"][:12], str(tmp_path / "out"))
    assert sum(members(shard) for shard in (tmp_path / "out").rglob("*.tar")) == second["samples"]


def test_dead_letters_come_back_after_the_fix(settings: Settings) -> None:
    sqs, name = client("sqs"), "medloop-laptop-backups-due"
    dead = sqs.get_queue_url(QueueName=f"{name}-dlq")["QueueUrl"]
    with quick_retries(name):
        sqs.send_message(QueueUrl=settings.backups_due_queue_url, MessageBody='{"kind": "Nonsense"}')
        until("the dead letter", lambda: depth(dead) == 1, 90)
        assert "1" in said("redrive", "backups-due", "--dry-run")
        said("redrive", "backups-due")
        until("the second death", lambda: depth(dead) == 1, 90)
    sqs.purge_queue(QueueUrl=dead)
