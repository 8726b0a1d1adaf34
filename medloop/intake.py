"""One file's whole way in: read, hold against the project's policy, de-identify. No cloud, no catalogue."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import Final

from medloop.imaging.picture import Facts, Identity, Picture, Volume
from medloop.imaging.read import read_image
from medloop.imaging.sniff import Format, sniff
from medloop.imaging.values import check_varied
from medloop.rules.project import Intake, Project
from medloop.rules.pseudonyms import Pseudonyms
from medloop.rules.reasons import Reason, Refused
from medloop.rules.subgroups import subgroups

EXTENSIONS: Final = {
    ".dcm": Format.DICOM,
    ".dicom": Format.DICOM,
    ".ima": Format.DICOM,
    ".png": Format.PNG,
    ".jpg": Format.JPEG,
    ".jpeg": Format.JPEG,
    ".tif": Format.TIFF,
    ".tiff": Format.TIFF,
    ".nii": Format.NIFTI,
}
"""What a name promises; any other promises nothing."""


@dataclass(frozen=True)
class Names:
    """Pseudonyms of what the file says it is of; "" where it says nothing."""

    patient: str = ""
    study: str = ""
    series: str = ""
    sop: str = ""


@dataclass(frozen=True, eq=False)
class Prepared:
    """An accepted file: what is kept of it, and nothing that names anybody."""

    image: Picture | Volume
    facts: Facts
    names: Names
    cleaning: Callable[[], bytes] = field(repr=False)
    subgroups: dict[str, str] = field(default_factory=dict, repr=False)
    """Scanner, site, sex and age band, as far as the project keeps them."""

    @cached_property
    def clean(self) -> bytes:
        """The file itself without identifiers, in its own format."""
        return self.cleaning()


def prepare(
    data: bytes, name: str, project: Project, key: bytes, released: frozenset[Reason] = frozenset()
) -> Prepared:
    """Take in one file's bytes; `name` is only compared with the content, never trusted.

    `released` are reasons that a person has looked at and overruled.

    Raises:
        Refused: the file is quarantined, or recorded as a non-image (UNSUPPORTED_SOP_CLASS).
    """
    pseudonyms = Pseudonyms(key, project.project)
    format_ = sniff(data)
    policy = overruled(project.intake, released)
    if format_ is Format.DICOM:
        prepared = _dicom(data, project, policy, pseudonyms, released)
    else:
        prepared = _other(data, project, pseudonyms, released)
    return replace(prepared, facts=judged(prepared.facts, name, format_, policy))


def overruled(policy: Intake, released: frozenset[Reason]) -> Intake:
    """The project's policy for a file about which a person has decided."""
    changes: dict[Reason, dict[str, str]] = {
        Reason.BURNED_IN_REVIEW: {"burned_in": "accept"},
        Reason.POLYGLOT_PREAMBLE: {"polyglots": "clean"},
        Reason.TYPE_MISMATCH: {"misnamed": "accept"},
        Reason.NOT_STRICT: {"strictness": "lenient"},
    }
    update = {field: value for reason in released for field, value in changes.get(reason, {}).items()}
    return policy.model_copy(update=update)


def judged(facts: Facts, name: str, format_: Format, policy: Intake) -> Facts:
    """The facts with everything in which the file deviates from its standard.

    Raises:
        Refused: TYPE_MISMATCH or NOT_STRICT, where the policy does not put up with it.
    """
    deviations = {word for word in str(facts.get("deviations", "")).split(",") if word}
    if is_misnamed(name, format_):
        if policy.misnamed == "refuse":
            raise Refused(Reason.TYPE_MISMATCH, {"format": format_.value})
        deviations.add("misnamed")
    if not deviations:
        return facts
    found: Facts = {**facts, "deviations": ",".join(sorted(deviations))}
    if policy.strictness == "strict":
        raise Refused(Reason.NOT_STRICT, found)
    return found


def is_misnamed(name: str, format_: Format) -> bool:
    """Whether the last extension promises another format than the content has."""
    path = PurePosixPath(name.lower())
    # Gzip says nothing about what is inside: of .nii.gz the part before counts.
    promised = EXTENSIONS.get(path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix)
    return promised is not None and promised is not format_


def _dicom(
    data: bytes,
    project: Project,
    policy: Intake,
    pseudonyms: Pseudonyms,
    released: frozenset[Reason],
) -> Prepared:
    """Parsed once, for its pixels and for its clean copy."""
    # Loaded by format: a function that sees only PNG never pays for DICOM.
    from medloop.deidentify.dicom import deidentify_dicom
    from medloop.imaging.dicom.file import open_dicom
    from medloop.imaging.dicom.image import read_dicom_file
    from medloop.imaging.dicom.telling import telling

    file = open_dicom(data)
    picture = read_dicom_file(file, policy.burned_in, policy.polyglots)
    check_shows_something(picture, project, released)
    clean = deidentify_dicom(file, project.deidentification, pseudonyms).content
    names = names_of(picture.identity, pseudonyms)
    kept = subgroups(telling(file), project.deidentification)
    return Prepared(replace(picture, identity=Identity()), picture.facts, names, lambda: clean, kept)


def _other(data: bytes, project: Project, pseudonyms: Pseudonyms, released: frozenset[Reason]) -> Prepared:
    image = read_image(data)
    check_shows_something(image, project, released)
    return Prepared(image, image.facts, Names(), partial(_clean, data, project, pseudonyms))


def check_shows_something(image: Picture | Volume, project: Project, released: frozenset[Reason]) -> None:
    """One value everywhere is refused in what is a sample by itself, or becomes a volume by itself.

    Raises:
        Refused: CONSTANT_IMAGE, unless it is `released`.
    """
    is_slice = image.facts["format"] == Format.DICOM and image.facts["frames"] == 1
    if project.spatial_dims == 3 and is_slice:
        return  # slices above the head are all air: the volume they become is looked at instead
    if Reason.CONSTANT_IMAGE not in released:
        check_varied(image.values, image.facts)


def _clean(data: bytes, project: Project, pseudonyms: Pseudonyms) -> bytes:
    from medloop.deidentify.file import deidentify

    return deidentify(data, project.deidentification, pseudonyms).content


def names_of(identity: Identity, pseudonyms: Pseudonyms) -> Names:
    """What the catalogue may know the file by."""
    return Names(
        patient=pseudonyms.subject(identity.patient_id, identity.study_uid),
        study=_uid(identity.study_uid, pseudonyms),
        series=_uid(identity.series_uid, pseudonyms),
        sop=_uid(identity.sop_uid, pseudonyms),
    )


def _uid(uid: str, pseudonyms: Pseudonyms) -> str:
    return pseudonyms.uid(uid) if uid else ""
