"""Why an upload is refused: a stable code, a sentence and a hint for each."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Explanation:
    sentence: str
    hint: str


class Reason(StrEnum):
    """Stable codes: stored in the catalogue, counted in metrics, documented in docs/reasons.md."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    MISPLACED = "misplaced"
    UNKNOWN_PROJECT = "unknown_project"
    UNKNOWN_CLASS = "unknown_class"
    INVALID_PROJECT = "invalid_project"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    UNSUPPORTED_SOP_CLASS = "unsupported_sop_class"
    MULTI_FRAME = "multi_frame"
    NO_PIXELS = "no_pixels"
    NO_DATASET = "no_dataset"
    TRUNCATED = "truncated"
    ELEMENT_LENGTH_BEYOND_FILE = "element_length_beyond_file"
    TOO_DEEP = "too_deep"
    TOO_MANY_ELEMENTS = "too_many_elements"
    PIXEL_LENGTH_MISMATCH = "pixel_length_mismatch"
    PIXEL_LIMIT = "pixel_limit"
    EXPANSION_LIMIT = "expansion_limit"
    UNDECODABLE = "undecodable"
    BAD_HEADER = "bad_header"
    CONSTANT_IMAGE = "constant_image"
    NON_FINITE = "non_finite"
    BURNED_IN_REVIEW = "burned_in_review"

    @property
    def explanation(self) -> Explanation:
        return EXPLANATIONS[self]


EXPLANATIONS: dict[Reason, Explanation] = {
    Reason.EMPTY: Explanation(
        "The object holds no bytes.", "Upload the file again; it was cut off or never written."
    ),
    Reason.TOO_LARGE: Explanation(
        "The object is larger than one image may be.", "Split it, or export the images one by one."
    ),
    Reason.MISPLACED: Explanation(
        "The key fits no place of the upload layout.",
        "Use <project>/project.yaml, <project>/labelled/<class>/…, <project>/images/… "
        "or <project>/predict/….",
    ),
    Reason.UNKNOWN_PROJECT: Explanation(
        "No project of this name exists.",
        "Run `medloop project create`, or upload <project>/project.yaml: "
        "the image is then taken in by itself.",
    ),
    Reason.UNKNOWN_CLASS: Explanation(
        "The folder under labelled/ names no class of the project.",
        "Rename the folder, or add the class to project.yaml: the image is then taken in by itself.",
    ),
    Reason.INVALID_PROJECT: Explanation(
        "project.yaml has a field that cannot be used.",
        "Correct the field named in the details and upload it again.",
    ),
    Reason.NOT_AN_IMAGE: Explanation(
        "The content is no image, whatever the name says.", "Upload DICOM, PNG or JPEG."
    ),
    Reason.UNSUPPORTED_FORMAT: Explanation(
        "The content is a format that is not taken in yet.",
        "Convert it to DICOM, PNG or JPEG; label files and archives are not read in this version.",
    ),
    Reason.UNSUPPORTED_SOP_CLASS: Explanation(
        "The DICOM object is a report, a plan or another non-image.", "Upload image objects only."
    ),
    Reason.MULTI_FRAME: Explanation("The file holds several frames.", "Export the frames as single images."),
    Reason.NO_PIXELS: Explanation("The DICOM object has no pixel data.", "Export the image with its pixels."),
    Reason.NO_DATASET: Explanation(
        "The DICOM file ends after its preamble or its file meta group.", "Export it again from its source."
    ),
    Reason.TRUNCATED: Explanation(
        "The file ends before its content does.", "Upload it again; compare its size with the source."
    ),
    Reason.ELEMENT_LENGTH_BEYOND_FILE: Explanation(
        "A DICOM element claims to be gigabytes longer than the file.",
        "The header is damaged or made to harm: export the image again from its source.",
    ),
    Reason.TOO_DEEP: Explanation(
        "DICOM sequences are nested deeper than any real object's.",
        "Remove the nested private sequences, or check where the file came from.",
    ),
    Reason.TOO_MANY_ELEMENTS: Explanation(
        "The DICOM object has more elements than any single image needs.",
        "Remove the private elements, or check where the file came from.",
    ),
    Reason.PIXEL_LENGTH_MISMATCH: Explanation(
        "The pixel data is not as long as rows, columns and bits say.",
        "Export the image again from its source.",
    ),
    Reason.PIXEL_LIMIT: Explanation(
        "The image has more pixels than the limit.", "Downscale or crop it before the upload."
    ),
    Reason.EXPANSION_LIMIT: Explanation(
        "The compressed content expands beyond the limit.",
        "Export it uncompressed, or check where it came from.",
    ),
    Reason.UNDECODABLE: Explanation(
        "No decoder here reads these pixels.", "Export with an uncompressed or baseline transfer syntax."
    ),
    Reason.BAD_HEADER: Explanation(
        "A header field that the pixels depend on is missing or impossible.",
        "Export the image again from its source.",
    ),
    Reason.CONSTANT_IMAGE: Explanation(
        "Every pixel has the same value.", "Check the export: the picture is blank."
    ),
    Reason.NON_FINITE: Explanation(
        "Pixels are not numbers after rescaling.", "Check slope and intercept in the header."
    ),
    Reason.BURNED_IN_REVIEW: Explanation(
        "The header says that text is burned into the pixels, or its kind usually has some.",
        "Mask the text, set BurnedInAnnotation to NO, and upload it again.",
    ),
}


@dataclass
class Refused(Exception):
    """An upload is refused for good.

    `facts` are measured numbers and technical terms (bytes, rows, transfer syntax), never header text,
    names or keys: they are shown to people and logged.
    """

    reason: Reason
    facts: dict[str, int | float | str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.reason.value
