"""An object version arrived: take it in once, or quarantine it with a reason, and ask for what follows."""

import hashlib
import json
from dataclasses import dataclass

from pydantic import TypeAdapter

from events.inference import InferenceRequested
from events.uploads import ObjectCreated, ObjectRediscovered, UploadQuarantined
from medloop.aws import objects, queues
from medloop.aws.announcements import announce
from medloop.aws.door import door, logger, metrics
from medloop.aws.secrets import secret_text
from medloop.catalogue.images import Image, get_image
from medloop.catalogue.images import Purpose as ImagePurpose
from medloop.catalogue.models import champion
from medloop.catalogue.projects import get_project, put_project
from medloop.catalogue.uploads import (
    Upload,
    UploadState,
    accept_upload,
    accept_without_image,
    ignore_upload,
    quarantine_upload,
    register_upload,
    reopen_uploads,
)
from medloop.imaging.arrays import encode_array
from medloop.imaging.picture import Picture
from medloop.imaging.read import read_image
from medloop.platform import catalogue, now
from medloop.rules.intake import Admission, admit, check_size, image_id, is_ignored, wants_prediction
from medloop.rules.keys import Place, Purpose, parse_key
from medloop.rules.project import InvalidProject, Project, parse_project
from medloop.rules.pseudonyms import group
from medloop.rules.reasons import Reason, Refused
from medloop.settings import settings

Arriving = TypeAdapter[ObjectCreated | ObjectRediscovered](ObjectCreated | ObjectRediscovered)

IMAGE_PURPOSES: dict[Purpose, ImagePurpose] = {
    Purpose.LABELLED: "labelled",
    Purpose.IMAGES: "images",
    Purpose.PREDICT: "predict",
}

MENDABLE = (Reason.UNKNOWN_PROJECT, Reason.UNKNOWN_CLASS)
"""A later project.yaml cures these."""


@dataclass(frozen=True, repr=False)
class Arrival:
    """Not printable: the key is the user's and may hold a name."""

    id: str
    bucket: str
    key: str
    version_id: str
    size: int


def on_upload(body: str) -> None:
    arrival = arrival_of(Arriving.validate_json(body))
    if arrival.bucket != settings().uploads_bucket:
        logger.warning("an object of another bucket is ignored")
        return
    try:
        place = parse_key(arrival.key)
    except Refused as refusal:
        register(arrival, None)
        quarantine(arrival, None, refusal)
        return
    state = register(arrival, place)
    if state == "received":
        take_in(arrival, place)
    elif state == "accepted":
        # This message was interrupted between accepting and asking for what follows.
        follow_up(arrival.id, place)


def arrival_of(event: ObjectCreated | ObjectRediscovered) -> Arrival:
    if isinstance(event, ObjectRediscovered):
        bucket, key, version_id, size = event.bucket, event.key, event.version_id, event.size
    else:
        stored = event.detail.object
        bucket, key, version_id, size = event.detail.bucket.name, stored.key, stored.version_id, stored.size
    return Arrival(image_id(bucket, key, version_id), bucket, key, version_id, size)


def register(arrival: Arrival, place: Place | None) -> UploadState:
    row = Upload(
        id=arrival.id,
        bucket=arrival.bucket,
        key=arrival.key,
        version_id=arrival.version_id,
        size=arrival.size,
        project=None if place is None else place.project,
        purpose=None if place is None else place.purpose.value,
        received_at=now(),
    )
    return catalogue().run(lambda conn: register_upload(conn, row))


def take_in(arrival: Arrival, place: Place) -> None:
    try:
        if is_ignored(place, arrival.size):
            catalogue().run(lambda conn: ignore_upload(conn, arrival.id, "folder_marker", now()))
            return
        check_size(place, arrival.size)
        content = objects.read(arrival.bucket, arrival.key, arrival.version_id)
        if place.purpose is Purpose.PROJECT:
            accept_project(arrival, place, content)
        else:
            accept_image(arrival, admit(place, known_project(place.project)), content)
    except objects.ObjectGone:
        catalogue().run(lambda conn: ignore_upload(conn, arrival.id, "deleted", now()))
    except Refused as refusal:
        quarantine(arrival, place, refusal)
    else:
        follow_up(arrival.id, place)


def known_project(name: str) -> Project | None:
    return catalogue().read(lambda conn: get_project(conn, name))


def accept_project(arrival: Arrival, place: Place, content: bytes) -> None:
    try:
        project = parse_project(content, place.project)
    except InvalidProject as error:
        raise Refused(Reason.INVALID_PROJECT, {"problem": str(error)}) from None
    # Events may overtake each other: only the version that S3 calls newest defines the project.
    if objects.newest_version(arrival.bucket, arrival.key) in (arrival.version_id, "null"):
        catalogue().run(lambda conn: put_project(conn, project, now()))
    catalogue().run(lambda conn: accept_without_image(conn, arrival.id, now()))


def accept_image(arrival: Arrival, admission: Admission, content: bytes) -> None:
    picture = read_image(content)
    array = encode_array(picture.values)
    path = f"images/{admission.project}/{arrival.id}.npy"
    objects.write(settings().curated_bucket, path, array, "application/x-npy")
    digests = (hashlib.sha256(content).hexdigest(), hashlib.sha256(array).hexdigest())
    image = image_row(arrival, admission, picture, digests, path)
    catalogue().run(lambda conn: accept_upload(conn, arrival.id, image, now()))


def image_row(
    arrival: Arrival, admission: Admission, picture: Picture, digests: tuple[str, str], path: str
) -> Image:
    """`digests` are of the uploaded bytes and of the array's."""
    content, array = digests
    key = secret_text(settings().pseudonym_secret_arn).encode()
    return Image(
        id=arrival.id,
        project=admission.project,
        purpose=IMAGE_PURPOSES[admission.purpose],
        label=admission.label,
        patient_group=group(key, admission.project, picture.identity.patient_id, array),
        content_sha256=content,
        array_path=path,
        array_sha256=array,
        facts=json.dumps(picture.facts, sort_keys=True),
        accepted_at=now(),
    )


def quarantine(arrival: Arrival, place: Place | None, refusal: Refused) -> None:
    reason = refusal.reason.value
    catalogue().run(lambda conn: quarantine_upload(conn, arrival.id, reason, refusal.facts, now()))
    project = None if place is None else place.project
    fact = UploadQuarantined(upload=arrival.id, project=project or None, reason=reason)
    announce(settings().event_bus_name, fact)
    metrics.add_metric("Quarantined", "Count", 1)
    logger.info("upload quarantined", upload=arrival.id, project=project, reason=reason)
    # The project may have come between our look and the quarantine: look once more, now that it is written.
    if place is not None and refusal.reason in MENDABLE and is_mended(place):
        look_again(place.project)


def is_mended(place: Place) -> bool:
    try:
        admit(place, known_project(place.project))
    except Refused:
        return False
    return True


def follow_up(upload: str, place: Place) -> None:
    """What an accepted upload sets going; safe to repeat."""
    if place.purpose is Purpose.PROJECT:
        look_again(place.project)
    elif wants_prediction(place.purpose):
        ask_champion(upload)


def ask_champion(upload: str) -> None:
    image = catalogue().read(lambda conn: get_image(conn, upload))
    if image is not None and catalogue().read(lambda conn: champion(conn, image.project)) is not None:
        wanted = InferenceRequested(project=image.project, image=image.id)
        queues.send(settings().inference_requests_queue_url, wanted)


def look_again(project: str) -> None:
    """Uploads refused for want of a project or class get another chance under its present definition."""
    while reopened := catalogue().run(lambda conn: reopen_uploads(conn, project, MENDABLE)):
        messages = (
            ObjectRediscovered(bucket=u.bucket, key=u.key, version_id=u.version_id, size=u.size)
            for u in reopened
        )
        queues.send_all(settings().intake_queue_url, messages)


handler = door(on_upload)
