"""One object version on its way in."""

from dataclasses import dataclass

from events.uploads import ObjectCreated, ObjectRediscovered
from medloop.catalogue.uploads import Upload, register_upload
from medloop.platform import catalogue, now
from medloop.rules.intake import image_id
from medloop.rules.keys import Place


@dataclass(frozen=True, repr=False)
class Arrival:
    """Not printable: the key is the user's and may hold a name."""

    id: str
    bucket: str
    key: str
    version_id: str
    size: int
    sequencer: str = ""
    """S3's own order of the versions of one key; "" where no event of S3's announced it."""


def arrival_of(event: ObjectCreated | ObjectRediscovered) -> Arrival:
    if isinstance(event, ObjectRediscovered):
        identity = image_id(event.bucket, event.key, event.version_id)
        return Arrival(identity, event.bucket, event.key, event.version_id, event.size)
    bucket, stored = event.detail.bucket.name, event.detail.object
    identity = image_id(bucket, stored.key, stored.version_id)
    return Arrival(identity, bucket, stored.key, stored.version_id, stored.size, stored.sequencer)


def arrival_again(upload: Upload) -> Arrival:
    return Arrival(
        upload.id, upload.bucket, upload.key, upload.version_id, upload.size, upload.sequencer or ""
    )


def register(arrival: Arrival, place: Place | None) -> Upload:
    """The arrival's row, written once however often it is announced."""
    row = Upload(
        id=arrival.id,
        bucket=arrival.bucket,
        key=arrival.key,
        version_id=arrival.version_id,
        size=arrival.size,
        project=None if place is None else place.project,
        purpose=None if place is None else place.purpose.value,
        received_at=now(),
        sequencer=arrival.sequencer or None,
    )
    return catalogue().run(lambda conn: register_upload(conn, row))
