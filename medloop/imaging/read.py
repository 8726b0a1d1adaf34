"""From any bytes to a picture or a volume: the one door of this package."""

from medloop.imaging.boundary import reading
from medloop.imaging.picture import Picture, Volume
from medloop.imaging.sniff import NOT_IMAGES, Format, sniff
from medloop.rules.reasons import Reason, Refused


def read_image(data: bytes) -> Picture | Volume:
    """One image of finite values, whatever the file was called: a volume from NIfTI, else a picture.

    Takes 6 to 9 bytes of memory per value beside the bytes given (measured), 1.1 GB at the limit of
    medloop.imaging.limits; a deflated DICOM file adds what it inflates to. Claims cost nothing.
    Not for several threads at once: it silences the decoders' warnings process-wide while they run.

    Raises:
        Refused: for every other content; any other exception is a bug of ours.
    """
    if not data:
        raise Refused(Reason.EMPTY, {"actual_bytes": 0})
    with reading(len(data)):
        return _read(data, sniff(data))


def _read(data: bytes, format_: Format) -> Picture | Volume:
    # Loaded by format: a function that sees only PNG never pays for the others.
    if format_ is Format.DICOM:
        from medloop.imaging.dicom.image import read_dicom

        return read_dicom(data)
    if format_ is Format.NIFTI:
        from medloop.imaging.nifti.volume import read_nifti

        return read_nifti(data)
    if format_ in (Format.PNG, Format.JPEG):
        from medloop.imaging.rasters.read import read_raster

        return read_raster(data, format_)
    if format_ is Format.TIFF:
        from medloop.imaging.rasters.tiff import read_tiff

        return read_tiff(data)
    if format_ in NOT_IMAGES:
        raise Refused(Reason.NOT_AN_IMAGE, {"format": format_.value, "actual_bytes": len(data)})
    raise Refused(Reason.UNSUPPORTED_FORMAT, {"format": format_.value})
