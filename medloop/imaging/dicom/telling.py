"""What a header tells of the circumstances of an image."""

from typing import Final

from medloop.imaging.dicom.file import DicomFile

_TAGS: Final = {
    "manufacturer": 0x00080070,
    "model": 0x00081090,
    "institution": 0x00080080,
    "sex": 0x00100040,
    "age": 0x00101010,
}


def telling(file: DicomFile) -> dict[str, str]:
    """Manufacturer, model, institution, sex and age as the file spells them; "" where it says nothing.

    Not to be stored as it is: what may be kept is the project's to say (medloop.rules.subgroups).
    """
    return {name: file.word(tag) for name, tag in _TAGS.items()}
