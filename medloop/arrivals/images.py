"""An image arrives: prepared once, its array and clean file stored, its row written, then what follows."""

import hashlib
import json
from dataclasses import replace

from events.inference import InferenceRequested
from medloop.arrivals.arrival import Arrival
from medloop.arrivals.series import series_id, watch
from medloop.arrivals.verdicts import known_project
from medloop.aws import objects, queues
from medloop.aws.secrets import secret_text
from medloop.catalogue.images import Image, array_of_sop, get_image
from medloop.catalogue.images import Purpose as ImagePurpose
from medloop.catalogue.manifests import expected_checksum
from medloop.catalogue.models import champion
from medloop.catalogue.projects import get_project
from medloop.catalogue.secret import Connection
from medloop.catalogue.series import Series, open_series
from medloop.catalogue.uploads import accept_upload
from medloop.imaging.arrays import encode_array
from medloop.imaging.fingerprint import fingerprint
from medloop.imaging.picture import Picture, Volume
from medloop.imaging.volumes import encode_volume
from medloop.intake import Prepared, prepare
from medloop.platform import catalogue, now
from medloop.rules.intake import Admission, admit, wants_prediction
from medloop.rules.keys import Place, Purpose
from medloop.rules.labels import geometry_text
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused
from medloop.rules.subgroups import noted
from medloop.settings import settings

IMAGE_PURPOSES: dict[Purpose, ImagePurpose] = {
    Purpose.LABELLED: "labelled",
    Purpose.IMAGES: "images",
    Purpose.PREDICT: "predict",
}


def take_image(arrival: Arrival, place: Place, content: bytes, released: frozenset[Reason]) -> None:
    """Raises Refused for bad input."""
    project = known_project(place.project)
    admission = admit(place, project)
    assert project is not None
    prepared = prepare(content, arrival.key, project, pseudonym_key(), released)
    image = stored(arrival, place, admission, prepared, hashlib.sha256(content).hexdigest())
    if project.spatial_dims == 3 and prepared.names.series:
        series = series_id(image.project, image.purpose, image.label, prepared.names.series)
        image = replace(image, series=series)
    catalogue().run(lambda conn: accept(conn, arrival.key, image, released))


def pseudonym_key() -> bytes:
    return secret_text(settings().pseudonym_secret_arn).encode()


def stored(
    arrival: Arrival, place: Place, admission: Admission, prepared: Prepared, content_sha256: str
) -> Image:
    """Write what is kept to the curated bucket; the row that says so."""
    path, content = encoded(admission.project, arrival.id, prepared.image)
    bucket = settings().curated_bucket
    objects.write(bucket, path, content)
    clean_path = None
    if prepared.facts["format"] == "dicom":
        # Of the other formats the array holds all that matters.
        clean_path = f"images/{admission.project}/{arrival.id}.dcm"
        objects.write(bucket, clean_path, prepared.clean, "application/dicom")
    image, digest = prepared.image, hashlib.sha256(content).hexdigest()
    frames = image.frames if isinstance(image, Picture) else ()
    return Image(
        id=arrival.id,
        project=admission.project,
        purpose=IMAGE_PURPOSES[admission.purpose],
        label=admission.label,
        patient_group=prepared.names.patient or f"content-{digest[:32]}",
        content_sha256=content_sha256,
        array_path=path,
        array_sha256=digest,
        facts=json.dumps(prepared.facts | noted(prepared.subgroups), sort_keys=True),
        accepted_at=now(),
        source_path=place.path,
        dims=dims_of(image),
        geometry=geometry_of(image),
        array_bytes=len(content),
        fingerprint=fingerprint(image.values),
        clean_path=clean_path,
        frames=json.dumps([frame.model_dump(exclude_defaults=True) for frame in frames]) if frames else None,
        sop=prepared.names.sop or None,
    )


def encoded(project: str, upload: str, image: Picture | Volume) -> tuple[str, bytes]:
    """Path and bytes of the array: .npy for pictures, .nii.gz for volumes."""
    if isinstance(image, Picture):
        return f"images/{project}/{upload}.npy", encode_array(image.values)
    return f"images/{project}/{upload}.nii.gz", encode_volume(image)


def dims_of(image: Picture | Volume) -> int:
    """2 for one picture, 3 for a volume or several frames, 4 where there is time as well."""
    if isinstance(image, Picture):
        return 2 if image.facts.get("frames", 1) == 1 else 3
    return image.values.ndim


def geometry_of(image: Picture | Volume) -> str:
    """What a mask of it must agree with; the channels of a picture and the times of a volume do not count."""
    if isinstance(image, Volume):
        return geometry_text(image.values.shape[:3], image.affine)
    return geometry_text(image.values.shape[: dims_of(image)])


def accept(conn: Connection, key: str, image: Image, released: frozenset[Reason]) -> None:
    """Raises Refused: WRONG_CHECKSUM, UID_COLLISION or MIXED_PATIENTS, nothing being written then."""
    if expected_checksum(conn, key) not in (None, image.content_sha256):
        raise Refused(Reason.WRONG_CHECKSUM)
    if image.sop and Reason.UID_COLLISION not in released:
        other = array_of_sop(conn, image.project, image.sop, image.id)
        if other not in (None, image.array_sha256):
            raise Refused(Reason.UID_COLLISION)
    if image.series:
        series = open_series(conn, series_row(image))
        if series.patient_group != image.patient_group:
            raise Refused(Reason.MIXED_PATIENTS)
    accept_upload(conn, image.id, image, now())


def series_row(image: Image) -> Series:
    return Series(
        id=image.series or "",
        project=image.project,
        purpose=image.purpose,
        label=image.label,
        patient_group=image.patient_group,
        opened_at=image.accepted_at,
    )


def follow_image(upload: str) -> None:
    """What an accepted image sets going; safe to repeat."""
    image, project = catalogue().read(lambda conn: image_with_project(conn, upload))
    if image is None or project is None:
        return
    if image.series:
        watch(image.series, project)
    elif image.dims == project.spatial_dims:
        ask_champion(image)


def image_with_project(conn: Connection, upload: str) -> tuple[Image | None, Project | None]:
    image = get_image(conn, upload)
    return image, None if image is None else get_project(conn, image.project)


def ask_champion(image: Image) -> None:
    """Labelled images have their answer already; without a champion the image waits."""
    if not wants_prediction(Purpose(image.purpose)):
        return
    if catalogue().read(lambda conn: champion(conn, image.project)) is not None:
        wanted = InferenceRequested(project=image.project, image=image.id)
        queues.send(settings().inference_requests_queue_url, wanted)
