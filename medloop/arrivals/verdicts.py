"""What became of an arrival when it was no image to take in."""

from events.uploads import ObjectRediscovered, UploadQuarantined
from medloop.arrivals.arrival import Arrival
from medloop.aws import queues
from medloop.aws.announcements import announce
from medloop.aws.door import logger, metrics
from medloop.catalogue.projects import get_project
from medloop.catalogue.uploads import ignore_upload, quarantine_upload, reopen_uploads
from medloop.platform import catalogue, now
from medloop.rules.intake import admit
from medloop.rules.keys import Place
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused
from medloop.settings import settings

MENDABLE = (Reason.UNKNOWN_PROJECT, Reason.UNKNOWN_CLASS)
"""A later project.yaml cures these."""


def known_project(name: str) -> Project | None:
    return catalogue().read(lambda conn: get_project(conn, name))


def set_aside(arrival: Arrival, reason: str, facts: dict[str, int | float | str] | None = None) -> None:
    """Recorded, and nothing follows: a folder marker, a deleted object, a report among images."""
    catalogue().run(lambda conn: ignore_upload(conn, arrival.id, reason, now(), facts or {}))


def refuse(arrival: Arrival, place: Place | None, refusal: Refused) -> None:
    """Non-images are no fault of their study: they are set aside. Everything else is quarantined."""
    if refusal.reason is Reason.UNSUPPORTED_SOP_CLASS:
        set_aside(arrival, refusal.reason.value, refusal.facts)
    else:
        quarantine(arrival, place, refusal)


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


def look_again(project: str) -> None:
    """Uploads refused for want of a project or class get another chance under its present definition."""
    while reopened := catalogue().run(lambda conn: reopen_uploads(conn, project, MENDABLE)):
        messages = (
            ObjectRediscovered(bucket=u.bucket, key=u.key, version_id=u.version_id, size=u.size)
            for u in reopened
        )
        queues.send_all(settings().intake_queue_url, messages)
