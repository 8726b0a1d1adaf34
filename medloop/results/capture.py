"""Secondary capture: the overlay, for viewers that know nothing else (PS3.3 A.8)."""

import numpy as np
from highdicom.sc import SCImage
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from medloop.results.segmentation import SERIES
from medloop.results.settling import settle
from medloop.results.subject import MAKER, Subject


def capture(subject: Subject, picture: Image.Image) -> Dataset:
    made = SCImage.from_ref_dataset(
        ref_dataset=subject.sources[0].header,
        pixel_array=np.asarray(picture),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "P"),
        series_instance_uid=subject.uid("capture series"),
        series_number=SERIES + 2,
        sop_instance_uid=subject.uid("capture"),
        instance_number=1,
        manufacturer=MAKER,
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    if subject.affine is None:
        made.PatientOrientation = []  # pictures do not say which way they lie
    made.Laterality = ""
    made.BurnedInAnnotation = "NO"
    made.DerivationDescription = "drawn over the image; not for measuring"
    return settle(made, subject)
