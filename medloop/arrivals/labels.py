"""Labels arrive apart from their images: a CSV of classes, or a mask that bears its image's name."""

import hashlib
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from medloop.arrivals.arrival import Arrival
from medloop.arrivals.images import encoded, geometry_of, pseudonym_key
from medloop.arrivals.verdicts import known_project
from medloop.aws import objects
from medloop.catalogue.labels import record_labels
from medloop.catalogue.uploads import accept_without_image
from medloop.intake import prepare
from medloop.platform import catalogue, now
from medloop.rules.intake import admit
from medloop.rules.keys import Place
from medloop.rules.labels import Label, class_labels, mask_label, parse_labels
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused
from medloop.settings import settings

TABLES: Final = frozenset({".csv", ".tsv", ".txt"})

PAGE: Final = 1000
"""Rows in a transaction: DSQL takes 3000."""


def take_labels(arrival: Arrival, place: Place, content: bytes) -> None:
    """Raises Refused: INVALID_LABELS, UNKNOWN_PROJECT, or what a mask is refused for as an image."""
    project = known_project(place.project)
    admit(place, project)
    assert project is not None
    rows = labels(arrival, place, project, content)
    for start in range(0, len(rows), PAGE):
        catalogue().run(partial(record_labels, rows=rows[start : start + PAGE]))
    catalogue().run(lambda conn: accept_without_image(conn, arrival.id, now()))


def labels(arrival: Arrival, place: Place, project: Project, content: bytes) -> list[Label]:
    written = objects.written_at(arrival.bucket, arrival.key, arrival.version_id), arrival.sequencer
    if PurePosixPath(place.path).suffix.lower() in TABLES:
        lines = parse_labels(content, project.classes, several=project.task == "multilabel")
        return class_labels(lines, project.project, arrival.id, written, now())
    return [stored_mask(arrival, place, project, content, written)]


def stored_mask(
    arrival: Arrival, place: Place, project: Project, content: bytes, written: tuple[datetime, str]
) -> Label:
    """The mask's array in the curated bucket; the label that says so."""
    # A mask that marks nothing is a statement too.
    released = frozenset({Reason.CONSTANT_IMAGE})
    image = prepare(content, arrival.key, project, pseudonym_key(), released).image
    if not np.array_equal(image.values, np.clip(np.rint(image.values), 0, 255)):
        raise Refused(Reason.INVALID_LABELS, {"problem": "mask_values", "limit": 255})
    path, array = encoded(project.project, arrival.id, image)
    objects.write(settings().curated_bucket, path, array)
    digest = hashlib.sha256(array).hexdigest()
    return mask_label(
        place.path, project.project, arrival.id, written, now(), (path, digest), geometry_of(image)
    )
