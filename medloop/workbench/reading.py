"""One file of the folder: read by its content, encoded, put aside; told as a finding that names nobody."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from medloop.imaging.picture import Facts, Picture, Volume
from medloop.imaging.read import read_image
from medloop.imaging.sniff import Format, sniff
from medloop.imaging.values import check_varied
from medloop.imaging.volumes import Slice, assemble
from medloop.inspection.finding import Finding, of_error
from medloop.inspection.verdicts import of_junk, of_refusal, of_unreadable
from medloop.rules.candidates import Left
from medloop.rules.intake import MAX_IMAGE_BYTES
from medloop.rules.junk import is_junk
from medloop.rules.labels import geometry_text
from medloop.rules.project import Project
from medloop.rules.pseudonyms import Pseudonyms
from medloop.rules.reasons import Reason, Refused
from medloop.workbench.encoding import encode
from medloop.workbench.exclusions import MASK_COLOURS, MASK_LOSSY, MASK_VALUES
from medloop.workbench.spool import Spool

_KEY: Final = hashlib.sha256(b"medloop train --here").digest()
"""No secret: the names that it gives decide sides, the same on every machine, and are not written down."""


@dataclass(frozen=True)
class Reader:
    spool: Spool
    masks: Path | None
    """What lies in here is no image but says what one shows."""
    project: Project

    def read(self, path: str) -> Finding:
        """Never raises, whatever the file holds."""
        started = time.perf_counter()
        return self._read(path).after(time.perf_counter() - started)

    def _read(self, path: str) -> Finding:
        if is_junk(path):
            return of_junk(path)
        try:
            return Finding(path, "accepted", facts=self._taken(Path(path)))
        except Refused as refusal:
            return of_refusal(path, refusal)
        except _Left as left:
            return Finding(path, "ignored", str(left))
        except OSError as error:
            return of_unreadable(path, error)
        except Exception as error:  # A bug of ours: name its kind and go on with the next file.
            return of_error(path, type(error).__name__)

    def _taken(self, path: Path) -> Facts:
        """Raises Refused: it holds no image; _Left: it holds one that nothing can be made of here."""
        size = path.stat().st_size
        if size > MAX_IMAGE_BYTES:
            raise Refused(Reason.TOO_LARGE, {"actual_bytes": size, "limit_bytes": MAX_IMAGE_BYTES})
        data = path.read_bytes()
        is_mask = self.masks is not None and path.is_relative_to(self.masks)
        image, patient = self._image(data)
        if is_mask:
            if sniff(data) is Format.JPEG:
                raise _Left(MASK_LOSSY)
            image, marks = as_mask(of_entries(image, data))
        else:
            check_varied(image.values, image.facts)
            marks = ""
        ending, content = encode(image)
        place = self.spool.keep(content)
        return {
            "file": place.file,
            "offset": place.offset,
            "size": place.size,
            "sha256": hashlib.sha256(content).hexdigest(),
            "content": hashlib.sha256(data).hexdigest(),
            "ending": ending,
            "geometry": geometry_of(image),
            "patient": patient,
            "marks": marks,
        }

    def _image(self, data: bytes) -> tuple[Picture | Volume, str]:
        """The image, and its patient's pseudonym where the file tells of one."""
        if sniff(data) is not Format.DICOM:
            return as_sample(read_image(data), self.project), ""
        # Loaded by format: a folder of photographs never pays for DICOM.
        from medloop.imaging.dicom.file import open_dicom
        from medloop.imaging.dicom.image import read_dicom_file

        # What the owner trains on at home needs no review of what the pixels say.
        picture = read_dicom_file(open_dicom(data), burned_in="accept", polyglots="clean")
        identity = picture.identity
        patient = Pseudonyms(_KEY, self.project.project).subject(identity.patient_id, identity.study_uid)
        return as_sample(picture, self.project), patient


class _Left(Exception):
    """An image or mask that no sample is made of; the text is a reason, see medloop.workbench.exclusions."""


def as_sample(image: Picture | Volume, project: Project) -> Picture | Volume:
    """One picture or one volume: the frames of a file become a volume where they are slices of one.

    Raises:
        _Left: they are not, or the volume has time as well.
    """
    if isinstance(image, Volume):
        if image.values.ndim != 3 + (image.facts["channels"] == 3):
            raise _Left(Left.WRONG_DIMENSIONS)
        return image
    if image.facts.get("frames", 1) == 1:
        return image
    # A file of pages, such as TIFF, says nothing of where they lie.
    slices = [_slice(image, number) for number in range(len(image.frames))]
    stacks = assemble(slices, project.series)
    if len(stacks) != 1 or stacks[0].volume is None or stacks[0].volume.values.ndim != 3:
        raise _Left(Left.WRONG_DIMENSIONS)
    return stacks[0].volume


def _slice(image: Picture, number: int) -> Slice:
    return Slice(image.frames[number], lambda: image.values[number])


def of_entries(image: Picture | Volume, data: bytes) -> Picture | Volume:
    """Of a PNG with a palette the entries' numbers: those are the structures, the colours only show them."""
    if image.facts.get("mode") != "P":
        return image
    from medloop.imaging.rasters.read import read_raster

    return read_raster(data, Format.PNG, entries=True)


def as_mask(image: Picture | Volume) -> tuple[Picture | Volume, str]:
    """The mask with one channel, and the values above 0 that it has, parted by commas.

    Raises:
        _Left: a value is no whole number from 0 to 255, or its colours differ.
    """
    values, facts = image.values, image.facts
    if facts["channels"] == 3:
        if not (values == values[..., :1]).all():
            raise _Left(MASK_COLOURS)
        values, facts = np.ascontiguousarray(values[..., 0]), {**facts, "channels": 1}
    found = np.unique(values)
    if not np.array_equal(found, np.clip(np.rint(found), 0, 255)):
        raise _Left(MASK_VALUES)
    marks = ",".join(str(int(value)) for value in found if value)
    if isinstance(image, Volume):
        return Volume(values, image.affine, facts), marks
    return Picture(values, facts), marks


def geometry_of(image: Picture | Volume) -> str:
    """What an image and its mask must have in common."""
    if isinstance(image, Volume):
        return geometry_text(image.values.shape[:3], image.affine)
    return geometry_text(image.values.shape[:2])
