"""project.yaml arrives: the project is created or changed."""

from medloop.arrivals.arrival import Arrival
from medloop.aws import objects
from medloop.catalogue.projects import put_project
from medloop.catalogue.uploads import accept_without_image
from medloop.platform import catalogue, now
from medloop.rules.keys import Place
from medloop.rules.project import InvalidProject, parse_project
from medloop.rules.reasons import Reason, Refused


def take_project(arrival: Arrival, place: Place, content: bytes) -> None:
    """Raises Refused: INVALID_PROJECT."""
    try:
        project = parse_project(content, place.project)
    except InvalidProject as error:
        raise Refused(Reason.INVALID_PROJECT, {"problem": str(error)}) from None
    # Events may overtake each other: only the version that S3 calls newest defines the project.
    if objects.newest_version(arrival.bucket, arrival.key) in (arrival.version_id, "null"):
        catalogue().run(lambda conn: put_project(conn, project, now()))
    catalogue().run(lambda conn: accept_without_image(conn, arrival.id, now()))
