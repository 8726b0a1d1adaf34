"""An archive arrives: each file in it is written where it would lie unpacked, and arrives by itself then."""

from collections.abc import Callable
from typing import BinaryIO

from events.uploads import ArchiveUploaded
from medloop.archives.expansion import expand
from medloop.arrivals.arrival import Arrival, arrival_again
from medloop.arrivals.deliveries import follow_delivery
from medloop.arrivals.verdicts import quarantine, set_aside
from medloop.aws import objects, queues
from medloop.aws.ranged import open_version
from medloop.catalogue.manifests import record_archive
from medloop.catalogue.uploads import Upload, accept_without_image, get_upload
from medloop.imaging.sniff import Format, sniff
from medloop.platform import catalogue, now
from medloop.rules.archives import Member
from medloop.rules.intake import image_id
from medloop.rules.junk import is_document
from medloop.rules.keys import Place, folder_of, parse_key
from medloop.rules.reasons import Refused
from medloop.settings import settings


def hand_to_unpacking(arrival: Arrival) -> None:
    """Unpacking may take minutes: a door of its own does it, so that no single image waits for it."""
    queues.send(settings().archives_queue_url, ArchiveUploaded(upload=arrival.id))


def holds_archive(key: str, content: bytes) -> bool:
    """Archives are told by their content too; office documents, which are archives inside, are none."""
    return sniff(content) is Format.ZIP and not is_document(key)


def take_archive(upload: str) -> None:
    """Unpack it, unless that has been done. Safe to repeat: what is written already is not written again."""
    row = catalogue().read(lambda conn: get_upload(conn, upload))
    if row is None or row.state in ("quarantined", "ignored"):
        return
    if row.state == "received":
        arrival = arrival_again(row)
        try:
            unpack(arrival)
        except objects.ObjectGone:
            set_aside(arrival, "deleted")
            return
        except Refused as refusal:
            quarantine(arrival, place_of(arrival.key), refusal)
            return
        catalogue().run(lambda conn: accept_without_image(conn, arrival.id, now()))
    follow_delivery(upload, "archive")


def unpack(arrival: Arrival) -> None:
    """Raises Refused: ZIP_…, and medloop.aws.objects.ObjectGone."""
    members: list[Upload] = []
    with open_version(arrival.bucket, arrival.key, arrival.version_id, arrival.size) as file:
        expand(file, writer(arrival, members))
    record_archive(catalogue(), arrival.id, members)


def writer(arrival: Arrival, members: list[Upload]) -> Callable[[Member, BinaryIO], None]:
    def write(member: Member, stream: BinaryIO) -> None:
        key = folder_of(arrival.key) + member.path
        version = objects.written_by(arrival.bucket, key, arrival.id, member.size)
        if version is None:
            version = objects.write_labelled(arrival.bucket, key, stream.read(), arrival.id)
        members.append(member_row(arrival, key, version, member.size))

    return write


def member_row(arrival: Arrival, key: str, version: str, size: int) -> Upload:
    place = place_of(key)
    return Upload(
        id=image_id(arrival.bucket, key, version),
        bucket=arrival.bucket,
        key=key,
        version_id=version,
        size=size,
        project=None if place is None else place.project,
        purpose=None if place is None else place.purpose.value,
        received_at=now(),
        archive=arrival.id,
    )


def place_of(key: str) -> Place | None:
    try:
        return parse_key(key)
    except Refused:
        return None
