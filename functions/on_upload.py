"""An object version arrived: take it in once, or quarantine it with a reason, and ask for what follows."""

from pydantic import TypeAdapter

from events.uploads import ObjectCreated, ObjectRediscovered
from medloop.arrivals.archives import hand_to_unpacking, holds_archive
from medloop.arrivals.arrival import Arrival, arrival_of, register
from medloop.arrivals.deliveries import follow_delivery, take_manifest
from medloop.arrivals.images import follow_image, take_image
from medloop.arrivals.labels import take_labels
from medloop.arrivals.projects import take_project
from medloop.arrivals.verdicts import look_again, quarantine, refuse, set_aside
from medloop.aws import objects
from medloop.aws.door import door, logger
from medloop.catalogue.uploads import Upload
from medloop.rules.intake import check_size, is_ignored
from medloop.rules.keys import Place, Purpose, parse_key
from medloop.rules.reasons import Refused
from medloop.settings import settings

Arriving = TypeAdapter[ObjectCreated | ObjectRediscovered](ObjectCreated | ObjectRediscovered)


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
    row = register(arrival, place)
    if row.state == "received":
        decide(arrival, place, row)
    elif row.state == "accepted":
        # This message was interrupted between accepting and asking for what follows.
        follow_up(arrival.id, place)


def decide(arrival: Arrival, place: Place, row: Upload) -> None:
    try:
        if is_ignored(place, arrival.size):
            set_aside(arrival, "folder_marker")
            return
        check_size(place, arrival.size)
        if place.purpose is Purpose.ARCHIVE:
            hand_to_unpacking(arrival)
            return
        take_in(arrival, place, row)
    except objects.ObjectGone:
        set_aside(arrival, "deleted")
    except Refused as refusal:
        refuse(arrival, place, refusal)
    else:
        follow_up(arrival.id, place)


def take_in(arrival: Arrival, place: Place, row: Upload) -> None:
    content = objects.read(arrival.bucket, arrival.key, arrival.version_id)
    if place.purpose is Purpose.PROJECT:
        take_project(arrival, place, content)
    elif place.purpose is Purpose.MANIFEST:
        take_manifest(arrival, content)
    elif holds_archive(arrival.key, content):
        hand_to_unpacking(arrival)
    elif place.purpose is Purpose.LABELS:
        take_labels(arrival, place, content)
    else:
        take_image(arrival, place, content, row.released_reasons)


def follow_up(upload: str, place: Place) -> None:
    """What an accepted upload sets going; safe to repeat."""
    if place.purpose is Purpose.PROJECT:
        look_again(place.project)
    elif place.purpose is Purpose.MANIFEST:
        follow_delivery(upload, "manifest")
    elif place.purpose in (Purpose.LABELLED, Purpose.IMAGES, Purpose.PREDICT):
        follow_image(upload)


handler = door(on_upload)
