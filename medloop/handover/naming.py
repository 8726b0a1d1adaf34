"""What a clean file is called: nothing of its old name stays, and what belonged together still does."""

from pathlib import PurePosixPath
from typing import Final

from medloop.imaging.sniff import Format
from medloop.rules.keys import Purpose
from medloop.rules.project import Project
from medloop.rules.pseudonyms import Pseudonyms

EXTENSIONS: Final = {
    Format.DICOM: ".dcm",
    Format.PNG: ".png",
    Format.JPEG: ".jpg",
    Format.TIFF: ".tif",
    Format.NIFTI: ".nii",
}
GZIPPED: Final = ".nii.gz"

NOBODY: Final = "nobody"
"""The folder of DICOM files that name neither a patient nor a study."""

_LAYOUT: Final = frozenset({Purpose.LABELLED, Purpose.IMAGES, Purpose.LABELS, Purpose.PREDICT})
_OLD_EXTENSIONS: Final = (
    ".nii.gz",
    ".nii",
    ".dcm",
    ".dicom",
    ".ima",
    ".png",
    ".jpg",
    ".jpeg",
    ".tif",
    ".tiff",
)


def clean_folders(folders: tuple[str, ...], project: Project, pseudonyms: Pseudonyms) -> tuple[str, ...]:
    """Folders of the upload layout and of the project's classes stay; any other becomes a pseudonym."""
    return tuple(
        folder if _is_ours(folder, before, project) else pseudonyms.file(folder)
        for folder, before in zip(folders, ("", *folders), strict=False)
    )


def kept_folders(folders: tuple[str, ...], project: Project) -> tuple[str, ...]:
    """Only those that stay as they are."""
    return tuple(
        folder
        for folder, before in zip(folders, ("", *folders), strict=False)
        if _is_ours(folder, before, project)
    )


def clean_name(name: str, extension: str, pseudonyms: Pseudonyms) -> str:
    """`case01.png` and its mask `case01.nii.gz` keep a stem in common."""
    return pseudonyms.file(stem(name)) + extension


def stem(name: str) -> str:
    lower = name.lower()
    found = next((end for end in _OLD_EXTENSIONS if lower.endswith(end) and len(name) > len(end)), "")
    return name[: len(name) - len(found)]


def numbered(path: PurePosixPath, digest: str) -> PurePosixPath:
    """Another name for a file whose own is taken by a different one."""
    name, dot, extension = path.name.partition(".") if path.name.startswith("file-") else _split(path.name)
    return path.with_name(f"{name}-{digest[:12]}{dot}{extension}")


def _split(name: str) -> tuple[str, str, str]:
    """UIDs are full of dots."""
    return name.rpartition(".")


def _is_ours(folder: str, before: str, project: Project) -> bool:
    return folder in _LAYOUT or (before == Purpose.LABELLED and folder in project.classes)
