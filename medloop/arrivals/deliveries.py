"""Archives and manifests say what belongs together: once all of it is decided, its series are complete."""

from typing import Final, Literal

from events.series import DeliveryConsidered
from medloop.arrivals.arrival import Arrival
from medloop.arrivals.images import ask_champion
from medloop.arrivals.series import assemble_series
from medloop.arrivals.verdicts import known_project
from medloop.aws import queues
from medloop.aws.door import logger
from medloop.catalogue.manifests import (
    Progress,
    archive_progress,
    contradicted_uploads,
    manifest_progress,
    record_manifest,
)
from medloop.catalogue.series import Series, series_of_archive, series_of_manifest
from medloop.catalogue.uploads import Upload, accept_without_image, get_upload, retract_upload
from medloop.platform import catalogue, now
from medloop.rules.keys import folder_of
from medloop.rules.manifests import parse_manifest
from medloop.rules.quiet import is_in_flight
from medloop.rules.reasons import Reason
from medloop.settings import settings

LOOK_AGAIN_SECONDS: Final = 15

Form = Literal["archive", "manifest"]


def take_manifest(arrival: Arrival, content: bytes) -> None:
    """Raises Refused: INVALID_MANIFEST."""
    manifest = parse_manifest(content)
    record_manifest(catalogue(), arrival.id, folder_of(arrival.key), manifest.files)
    retract_contradicted(arrival.id)
    catalogue().run(lambda conn: accept_without_image(conn, arrival.id, now()))


def retract_contradicted(manifest: str) -> None:
    """Files that were taken in before the manifest said that they are others."""
    while wrong := catalogue().read(lambda conn: contradicted_uploads(conn, manifest)):
        for upload in wrong:
            retract(upload)


def retract(upload: Upload) -> None:
    reason = Reason.WRONG_CHECKSUM.value
    catalogue().run(lambda conn: retract_upload(conn, upload.id, reason, now()))
    logger.info("upload retracted", upload=upload.id, reason=reason)


def follow_delivery(delivery: str, form: Form) -> None:
    """Have somebody look whether everything is decided; safe to repeat."""
    message = DeliveryConsidered(delivery=delivery, form=form)
    queues.send(settings().series_due_queue_url, message, delay_seconds=LOOK_AGAIN_SECONDS)


def consider_delivery(due: DeliveryConsidered) -> None:
    row = catalogue().read(lambda conn: get_upload(conn, due.delivery))
    if row is None:
        return
    # What never came, or is dead-lettered, must not hold the rest back for ever.
    if not progress_of(due).is_complete and is_in_flight(row.received_at, now()):
        follow_delivery(due.delivery, due.form)
        return
    if due.form == "manifest":
        # One that was being accepted while the manifest was being recorded has met neither check.
        retract_contradicted(due.delivery)
    for series in series_of(due):
        assemble(series)


def assemble(series: Series) -> None:
    project = known_project(series.project)
    if project is not None:
        for volume in assemble_series(series.id, project):
            ask_champion(volume)


def progress_of(due: DeliveryConsidered) -> Progress:
    progress = archive_progress if due.form == "archive" else manifest_progress
    return catalogue().read(lambda conn: progress(conn, due.delivery))


def series_of(due: DeliveryConsidered) -> list[Series]:
    """Those that are still open and had a slice in this delivery."""
    touched = series_of_archive if due.form == "archive" else series_of_manifest
    return catalogue().read(lambda conn: touched(conn, due.delivery))
