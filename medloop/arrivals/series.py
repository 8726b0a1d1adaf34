"""Slices become volumes once their series is complete: somebody said so, or it has been quiet."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from events.series import SeriesFellQuiet, VolumesAssembled
from medloop.aws import objects
from medloop.aws.announcements import announce
from medloop.aws.door import logger
from medloop.aws.schedules import schedule_once
from medloop.catalogue.images import Image
from medloop.catalogue.series import (
    Series,
    arrivals,
    finish_series,
    folders_of,
    get_series,
    instances,
    note_schedule,
    reopen_series,
    slices_of,
)
from medloop.catalogue.uploads import settled_versions
from medloop.imaging.arrays import decode_array
from medloop.imaging.fingerprint import fingerprint
from medloop.imaging.volumes import Slice, Stack, assemble, encode_volume
from medloop.platform import catalogue, now
from medloop.rules.intake import image_id
from medloop.rules.labels import geometry_text
from medloop.rules.project import Project
from medloop.rules.quiet import Silence, is_in_flight, wait_until
from medloop.rules.series import Frame
from medloop.rules.subgroups import common, noted
from medloop.settings import settings

MOST_VERSIONS = 20_000
"""Object versions looked through for uploads that are still on their way; the largest series have 5000."""


def series_id(project: str, purpose: str, label: str | None, series_uid: str) -> str:
    """32 hexadecimal digits; one patient's series under two labels is two series."""
    name = json.dumps([project, purpose, label, series_uid]).encode("ascii")
    return hashlib.sha256(name).hexdigest()[:32]


def watch(series: str, project: Project) -> None:
    """See to it that somebody looks at this series when it has fallen quiet. Safe to repeat."""
    found = catalogue().read(lambda conn: get_series(conn, series))
    if found is None:
        return
    if found.state != "open":
        # This slice may have come while the version was being made that lacks it.
        if catalogue().read(lambda conn: arrivals(conn, series)).slices == found.slices:
            return
        catalogue().run(lambda conn: reopen_series(conn, series))
    elif found.scheduled_for is not None:
        return
    look_at(series, now() + quiet_of(project))


def look_at(series: str, at: datetime) -> None:
    name = f"medloop-{settings().stage}-series-{series}"
    message = SeriesFellQuiet(series=series)
    schedule_once(name, at, settings().series_due_queue_arn, settings().series_schedule_role_arn, message)
    catalogue().run(lambda conn: note_schedule(conn, series, at))


def quiet_of(project: Project) -> timedelta:
    return timedelta(minutes=project.series.quiet_minutes)


def consider_series(series: str, project: Project) -> list[Image] | None:
    """Assemble it when it is quiet; look again later when it is not. The volumes, or None for later."""
    until = wait_until(silence_of(series), quiet_of(project), now())
    if until is not None:
        look_at(series, until)
        return None
    return assemble_series(series, project)


def silence_of(series: str) -> Silence:
    arrived, folders = catalogue().read(lambda conn: (arrivals(conn, series), folders_of(conn, series)))
    return Silence(arrived.last_at or now(), sum(in_flight(folder) for folder in folders))


def in_flight(folder: str) -> int:
    """Object versions in this folder that are not decided yet and not given up."""
    bucket = settings().uploads_bucket
    versions = objects.list_versions(bucket, f"{folder}/", MOST_VERSIONS)
    recent = {image_id(v.bucket, v.key, v.version_id) for v in versions if is_in_flight(v.written_at, now())}
    return len(recent - catalogue().read(lambda conn: settled_versions(conn, recent)))


def assemble_series(series: str, project: Project) -> list[Image]:
    """Make a new version of its volumes from everything that arrived; the volumes."""
    found = catalogue().read(lambda conn: get_series(conn, series))
    if found is None or found.state != "open":
        return []
    rows = catalogue().read(lambda conn: slices_of(conn, series))
    stacks = assemble([one for row in instances(rows) for one in slices(row)], project.series)
    volumes = [volume_row(found, rows, stack) for stack in stacks if stack.volume is not None]
    outcome = json.dumps([stack.facts for stack in stacks], sort_keys=True)
    reasons = sorted({stack.refusal.reason.value for stack in stacks if stack.refusal is not None})
    reason = ",".join(reasons) or None
    stored = catalogue().run(
        lambda conn: finish_series(conn, found, len(rows), volumes, (reason, outcome), now())
    )
    if not stored:
        return []
    tell(found, len(volumes), len(stacks) - len(volumes), reason)
    return volumes


def tell(series: Series, volumes: int, refused: int, reason: str | None) -> None:
    logger.info("series assembled", series=series.id, volumes=volumes, refused=refused, reason=reason)
    fact = VolumesAssembled(
        project=series.project,
        series=series.id,
        version=series.version + 1,
        volumes=volumes,
        refused=refused,
    )
    announce(settings().event_bus_name, fact)


def slices(row: Image) -> list[Slice]:
    """One for each frame of an instance."""
    frames = [Frame.model_validate(frame) for frame in json.loads(row.frames or "[]")]
    return [Slice(frame, loader(row, number, len(frames))) for number, frame in enumerate(frames)]


def loader(row: Image, number: int, frames: int) -> Callable[[], NDArray[np.float32]]:
    def load() -> NDArray[np.float32]:
        array = decode_array(objects.read(settings().curated_bucket, row.array_path))
        return array[number] if frames > 1 else array

    return load


def volume_row(series: Series, rows: list[Image], stack: Stack) -> Image:
    """Store the volume; its id is its content's, so that the same slices always give the same image."""
    assert stack.volume is not None
    content = encode_volume(stack.volume)
    digest = hashlib.sha256(content).hexdigest()
    name = json.dumps([series.id, digest]).encode("ascii")
    identity = hashlib.sha256(name).hexdigest()[:32]
    path = f"images/{series.project}/{identity}.nii.gz"
    objects.write(settings().curated_bucket, path, content, "application/gzip")
    sources = "".join(sorted(row.content_sha256 for row in rows)).encode()
    return Image(
        id=identity,
        project=series.project,
        purpose=rows[0].purpose,
        label=series.label,
        patient_group=series.patient_group,
        content_sha256=hashlib.sha256(sources).hexdigest(),
        array_path=path,
        array_sha256=digest,
        facts=json.dumps(stack.volume.facts | noted(common(row.facts for row in rows)), sort_keys=True),
        accepted_at=now(),
        dims=stack.volume.values.ndim,
        geometry=geometry_text(stack.volume.values.shape[:3], stack.volume.affine),
        array_bytes=len(content),
        fingerprint=fingerprint(stack.volume.values),
        series=series.id,
    )
