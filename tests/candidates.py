"""Made-up images and labels for tests of datasets."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from medloop.rules.candidates import Candidate
from medloop.rules.labels import Label, LabelLine, class_labels, geometry_text
from medloop.rules.project import Project

AT = datetime(2026, 1, 1, tzinfo=UTC)
CLASSES = ("ring", "cross")


def project(**changes: Any) -> Project:
    return Project.model_validate({"project": "demo", "classes": CLASSES, **changes})


def image_of(number: int) -> str:
    """An image id: as good as random, like the real ones."""
    return hashlib.sha256(f"image {number}".encode()).hexdigest()[:32]


def candidate(number: int, **changes: Any) -> Candidate:
    """A labelled picture of a patient of its own."""
    made: dict[str, Any] = {
        "id": image_of(number),
        "purpose": "labelled",
        "label": CLASSES[number % 2],
        "patient_group": f"patient-{number}",
        "content_sha256": hashlib.sha256(f"content {number}".encode()).hexdigest(),
        "array_path": f"images/demo/{image_of(number)}.npy",
        "array_sha256": hashlib.sha256(f"array {number}".encode()).hexdigest(),
        "facts": '{"rows": 8, "columns": 6}',
        "accepted_at": AT + timedelta(seconds=number),
        "dims": 2,
        "fingerprint": hashlib.sha256(f"looks {number}".encode()).hexdigest(),
    }
    return Candidate(**made | changes)


def candidates(number: int, groups: int | None = None) -> list[Candidate]:
    return [candidate(n, patient_group=f"patient-{n % (groups or number)}") for n in range(number)]


def upload_of(name: str) -> str:
    return hashlib.sha256(f"upload {name}".encode()).hexdigest()[:32]


def csv(name: str, *lines: tuple[Any, ...], after: float = 0) -> list[Label]:
    """Labels of one CSV: (file, label) or (file, label, split); `after` is in seconds from AT."""
    parsed = [LabelLine(number, *line) for number, line in enumerate(lines, start=2)]
    written = (AT + timedelta(seconds=after), "")
    return class_labels(parsed, "demo", upload_of(name), written, AT)


def volume(number: int, **changes: Any) -> Candidate:
    affine = [[1, 0, 0, -10], [0, 1, 0, -20], [0, 0, 3, 5.5], [0, 0, 0, 1]]
    path = f"images/demo/{image_of(number)}.nii.gz"
    made = {"dims": 3, "array_path": path, "geometry": geometry_text((4, 5, 6), affine)}
    return candidate(number, **made | changes)
