"""A file of any format that is read here, without identifiers: the one door of this package."""

from medloop.deidentify.result import Deidentified
from medloop.imaging.boundary import reading
from medloop.imaging.sniff import NOT_IMAGES, Format, sniff
from medloop.rules.project import Deidentification
from medloop.rules.pseudonyms import Pseudonyms
from medloop.rules.reasons import Reason, Refused


def deidentify(data: bytes, policy: Deidentification, pseudonyms: Pseudonyms) -> Deidentified:
    """The file in its own format, told by content; equal input gives equal bytes, and its result itself.

    Pixels are not decoded and stay bit for bit: what is written into them must be judged before. Only DICOM
    has anything that depends on the policy and the pseudonyms.

    Raises:
        Refused: what cannot be read; DICOM objects that are no images (UNSUPPORTED_SOP_CLASS), since reports
            and documents tell of patients in every sentence.
    """
    if not data:
        raise Refused(Reason.EMPTY, {"actual_bytes": 0})
    with reading(len(data)):
        return _deidentify(data, sniff(data), policy, pseudonyms)


def _deidentify(
    data: bytes, format_: Format, policy: Deidentification, pseudonyms: Pseudonyms
) -> Deidentified:
    # Loaded by format: a function that sees only PNG never pays for the others.
    if format_ is Format.DICOM:
        from medloop.deidentify.dicom import deidentify_dicom
        from medloop.imaging.dicom.file import open_dicom
        from medloop.imaging.dicom.kind import check_kind

        file = open_dicom(data)
        check_kind(file)
        return deidentify_dicom(file, policy, pseudonyms)
    if format_ is Format.PNG:
        from medloop.deidentify.png import deidentify_png

        return deidentify_png(data)
    if format_ is Format.JPEG:
        from medloop.deidentify.jpeg import deidentify_jpeg

        return deidentify_jpeg(data)
    if format_ is Format.TIFF:
        from medloop.deidentify.tiff import deidentify_tiff

        return deidentify_tiff(data)
    if format_ is Format.NIFTI:
        from medloop.deidentify.nifti import deidentify_nifti

        return deidentify_nifti(data)
    if format_ in NOT_IMAGES:
        raise Refused(Reason.NOT_AN_IMAGE, {"format": format_.value, "actual_bytes": len(data)})
    raise Refused(Reason.UNSUPPORTED_FORMAT, {"format": format_.value})
