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
    POLYGLOT_PREAMBLE = "polyglot_preamble"
    DECLARED_SIZE_TOO_LARGE = "declared_size_too_large"
    BAD_UID = "bad_uid"
    UID_COLLISION = "uid_collision"
    MIXED_PATIENTS = "mixed_patients"
    TYPE_MISMATCH = "type_mismatch"
    NOT_STRICT = "not_strict"
    WRONG_CHECKSUM = "wrong_checksum"
    ZIP_DAMAGED = "zip_damaged"
    ZIP_ENCRYPTED = "zip_encrypted"
    ZIP_EXPANSION = "zip_expansion"
    ZIP_METHOD = "zip_method"
    ZIP_NESTED = "zip_nested"
    ZIP_PATH = "zip_path"
    ZIP_SYMLINK = "zip_symlink"
    ZIP_DUPLICATE_NAME = "zip_duplicate_name"
    ZIP_TOO_MANY_ENTRIES = "zip_too_many_entries"
    INVALID_LABELS = "invalid_labels"
    INVALID_MANIFEST = "invalid_manifest"
    SERIES_INCOMPLETE = "series_incomplete"
    SERIES_IRREGULAR = "series_irregular"
    SERIES_TILTED = "series_tilted"
    SERIES_TOO_SHORT = "series_too_short"
    SERIES_NO_GEOMETRY = "series_no_geometry"
    SERIES_AMBIGUOUS = "series_ambiguous"
    SERIES_IN_COLOUR = "series_in_colour"

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
        "Use <project>/project.yaml, <project>/labelled/<class>/…, <project>/images/…, "
        "<project>/labels/… or <project>/predict/….",
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
        "The content is no image, whatever the name says.", "Upload DICOM, NIfTI, PNG, JPEG or TIFF."
    ),
    Reason.UNSUPPORTED_FORMAT: Explanation(
        "The content is a format that is not taken in.",
        "Convert it to DICOM, NIfTI, PNG, JPEG or TIFF, alone or in a zip.",
    ),
    Reason.UNSUPPORTED_SOP_CLASS: Explanation(
        "The DICOM object is a report, a plan or another non-image.", "Upload image objects only."
    ),
    Reason.MULTI_FRAME: Explanation(
        "The file holds several pictures that make no series: an animation, or pages that differ.",
        "Export each picture as a file of its own.",
    ),
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
        "Look at it: `medloop quarantine release` takes it in as it is; or mask the text, set "
        "BurnedInAnnotation to NO, and upload it again.",
    ),
    Reason.POLYGLOT_PREAMBLE: Explanation(
        "The 128 bytes before the DICOM data are the start of a program.",
        "Check where the file came from; `intake: {polyglots: clean}` in project.yaml erases such preambles.",
    ),
    Reason.DECLARED_SIZE_TOO_LARGE: Explanation(
        "The header declares more pixels than the limit.", "Downscale, crop or split it before the upload."
    ),
    Reason.BAD_UID: Explanation(
        "A DICOM unique identifier is longer than 64 characters or holds others than digits and dots.",
        "Export the image again from its source.",
    ),
    Reason.UID_COLLISION: Explanation(
        "Another image of the project has this SOP instance UID, with other pixels.",
        "Give each image a UID of its own; two copies of one image must be equal.",
    ),
    Reason.MIXED_PATIENTS: Explanation(
        "The series holds images of several patients.", "Export each patient's series by itself."
    ),
    Reason.TYPE_MISMATCH: Explanation(
        "The file's extension names another format than its content.",
        "Rename the file, or set `intake: {misnamed: accept}` in project.yaml.",
    ),
    Reason.NOT_STRICT: Explanation(
        "The file deviates from its standard, and the project is strict.",
        "Correct what the details name, or set `intake: {strictness: lenient}` in project.yaml.",
    ),
    Reason.WRONG_CHECKSUM: Explanation(
        "The content is not what the manifest says.", "Upload the file again; it was changed on its way."
    ),
    Reason.ZIP_DAMAGED: Explanation(
        "The archive cannot be read to its end.", "Make the archive again and upload it."
    ),
    Reason.ZIP_ENCRYPTED: Explanation(
        "The archive is protected by a password.", "Upload it without one; the bucket is encrypted."
    ),
    Reason.ZIP_EXPANSION: Explanation(
        "The archive expands beyond the limit.", "Split it, or check where it came from."
    ),
    Reason.ZIP_METHOD: Explanation(
        "The archive is compressed by a method that is not read here, such as Deflate64.",
        "Make it with Deflate, which every program offers; Windows Explorer takes Deflate64 above 2 GB: "
        "make several smaller archives, or use another program.",
    ),
    Reason.ZIP_NESTED: Explanation(
        "The archive holds another archive.", "Unpack the inner one and upload its files."
    ),
    Reason.ZIP_PATH: Explanation(
        "A name in the archive points outside of it.", "Make the archive with relative names only."
    ),
    Reason.ZIP_SYMLINK: Explanation("The archive holds a symbolic link.", "Archive the files themselves."),
    Reason.ZIP_DUPLICATE_NAME: Explanation(
        "The archive holds two files of one name.", "Give each file a name of its own."
    ),
    Reason.ZIP_TOO_MANY_ENTRIES: Explanation(
        "The archive holds more files than the limit.", "Split it into several archives."
    ),
    Reason.INVALID_LABELS: Explanation(
        "The label file cannot be used.",
        "Write UTF-8 CSV with the columns file,label[,split]; the details name the line.",
    ),
    Reason.INVALID_MANIFEST: Explanation(
        "The manifest cannot be used.",
        'Write JSON: {"files": [{"path": "…", "sha256": "…"}]}; the details name the entry.',
    ),
    Reason.SERIES_INCOMPLETE: Explanation(
        "Slices are missing between the first and the last.",
        "Upload the missing slices: a new version is then made by itself.",
    ),
    Reason.SERIES_IRREGULAR: Explanation(
        "The distances between slices differ by more than the project tolerates.",
        "Set `series: {gaps: accept}` or a larger spacing_tolerance in project.yaml.",
    ),
    Reason.SERIES_TILTED: Explanation(
        "The slices are tilted against their stacking direction.",
        "Set `series: {tilt: resample}` in project.yaml.",
    ),
    Reason.SERIES_TOO_SHORT: Explanation(
        "The series has fewer slices than a volume needs.",
        "Upload the missing slices, or use the slices as single pictures.",
    ),
    Reason.SERIES_NO_GEOMETRY: Explanation(
        "The images do not say where in the patient they lie.", "Export them with position and orientation."
    ),
    Reason.SERIES_AMBIGUOUS: Explanation(
        "Different slices lie at the same place, and nothing says which one belongs there.",
        "Export each acquisition as a series of its own, or with numbers that tell its slices apart.",
    ),
    Reason.SERIES_IN_COLOUR: Explanation(
        "The slices are in colour: they show a rendering, not measured values.",
        "Export the values that were coloured, or use the slices as single pictures.",
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
