"""How many frames a DICOM object holds: as it says, or where it does not, as many as there are."""

from medloop.imaging.dicom.elements import PIXEL_DATA
from medloop.imaging.dicom.encapsulated import count_encapsulated
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.sop_classes import may_have_frames
from medloop.rules.reasons import Reason, Refused

_SOP_CLASS, _NUMBER_OF_FRAMES = 0x00080016, 0x00280008
_DIGITS = 10


def count_frames(file: DicomFile, pixels: int, frame_bits: int) -> tuple[int, bool]:
    """The number, and whether the header states it.

    An object that by its class is a single image is one, whatever its length: data of four times the size
    then contradicts its header, and is refused as such when it is read.

    Raises:
        Refused: BAD_HEADER where the number of frames is none.
    """
    text = file.word(_NUMBER_OF_FRAMES)
    if text and not (text.isdecimal() and len(text) <= _DIGITS):
        raise Refused(Reason.BAD_HEADER, {"field": "NumberOfFrames"})
    if int(text or 0) > 0:
        return int(text), True
    if not may_have_frames(file.word(_SOP_CLASS)):
        return 1, not text
    element = file.elements[pixels]
    if pixels == PIXEL_DATA and element.encapsulated:
        count = count_encapsulated(file)
    else:
        count = max(1, (element.end - element.start) * 8 // frame_bits)
    return count, count == 1 and not text
