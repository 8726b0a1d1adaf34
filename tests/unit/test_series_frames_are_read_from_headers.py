"""Place and occasion of a frame come from classic headers, the standard's elements before vendors' own."""

import struct
from typing import Any

import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medloop.imaging.dicom.image import read_dicom
from medloop.rules.series import KINDS, Frame
from tests.images import dataset, dicom, ramp, written

GEOMETRY: dict[str, Any] = {
    "ImagePositionPatient": [1.5, -2, 30],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [0.5, 0.25],
}


def frame(**elements: Any) -> Frame:
    (found,) = read_dicom(dicom(ramp(), **elements)).frames
    return found


def with_private(group: int, creator: str, element: int, vr: str, value: Any) -> Frame:
    made = dataset(ramp())
    block = made.private_block(group, creator, create=True)
    block.add_new(element, vr, value)
    (found,) = read_dicom(written(made)).frames
    return found


def test_everything_that_a_slice_says() -> None:
    found = frame(
        **GEOMETRY,
        SliceThickness=3,
        SpacingBetweenSlices=3.3,
        InstanceNumber=7,
        AcquisitionNumber=2,
        EchoTime=12.5,
        DiffusionBValue=1000.0,
        TemporalPositionIdentifier=4,
        ImageType=["ORIGINAL", "PRIMARY", "P"],
    )
    assert found == Frame(
        position=(1.5, -2.0, 30.0),
        along_row=(1.0, 0.0, 0.0),
        along_column=(0.0, 1.0, 0.0),
        row_mm=0.5,
        column_mm=0.25,
        rows=8,
        columns=6,
        thickness_mm=3.0,
        spacing_between_mm=3.3,
        instance=7,
        acquisition=2,
        echo=12.5,
        b_value=1000.0,
        time=4.0,
        kind="phase",
    )


def test_a_file_that_says_nothing_has_one_empty_frame() -> None:
    assert frame() == Frame(rows=8, columns=6)


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_other_encodings_say_the_same(syntax: str) -> None:
    elements = {**GEOMETRY, "DiffusionBValue": 700.0, "InstanceNumber": 3}
    assert read_dicom(dicom(ramp(), syntax, **elements)).frames == (frame(**elements),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
        {"ImageOrientationPatient": [2, 0, 0, 0, 2, 0]},
        {"ImageOrientationPatient": [1, 0, 0]},
        {"ImagePositionPatient": [1, 2]},
        {"ImagePositionPatient": [1e9, 2, 3]},
    ],
)
def test_impossible_places_are_none(wrong: dict[str, Any]) -> None:
    assert frame(**{**GEOMETRY, **wrong}).position is None


def test_rounded_directions_become_unit_vectors() -> None:
    found = frame(**{**GEOMETRY, "ImageOrientationPatient": [0.999, 0, 0, 0, 1.001, 0]})
    assert (found.along_row, found.along_column) == ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def test_spacing_on_the_detector_is_no_spacing() -> None:
    assert frame(ImagerPixelSpacing=[0.1, 0.1]).row_mm is None
    assert frame(ImagerPixelSpacing=[0.1, 0.1], PixelSpacing=[0.1, 0.1]).row_mm is None


@pytest.mark.parametrize(
    ("elements", "time"),
    [
        ({"TemporalPositionIdentifier": 3, "TriggerTime": 40}, 3.0),
        ({"TemporalPositionIdentifier": 1, "NumberOfTemporalPositions": 1, "TriggerTime": 40}, 40.0),
        ({"AcquisitionTime": "101605.5", "StudyTime": "101500"}, 65.5),
        (
            {
                "AcquisitionDate": "20240301",
                "AcquisitionTime": "000010",
                "StudyDate": "20240229",
                "StudyTime": "235950",
            },
            20.0,
        ),
        ({"AcquisitionDateTime": "20240301000010.0+0100", "StudyDate": "20240301"}, 10.0),
        ({"AcquisitionDate": "20200101", "StudyDate": "20240229", "AcquisitionTime": "000003"}, 3.0),
        ({"AcquisitionTime": "10:16", "StudyTime": "1015"}, 60.0),
        ({"StudyTime": "101500"}, None),
        *(
            ({"AcquisitionTime": wrong}, None)
            for wrong in ("10.65", "1.6000", "1015.5", "-101500", "10", ".")
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_time_is_order_and_never_a_date(elements: dict[str, Any], time: float | None) -> None:
    assert frame(**elements).time == time


@pytest.mark.parametrize(
    ("group", "creator", "element", "vr", "value", "expected"),
    [
        (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "800", 800.0),
        (0x0043, "GEMS_PARM_01", 0x39, "IS", ["1000000700", "8", "0", "0"], 700.0),
        (0x2001, "Philips Imaging DD 001", 0x03, "FL", 600.0, 600.0),
        (0x2001, "Philips Imaging DD 001", 0x03, "UN", struct.pack("<f", 600.0), 600.0),
        (0x0065, "Image Private Header", 0x09, "FD", 500.0, 500.0),
        (0x0019, "SOMEBODY ELSE", 0x0C, "IS", "800", None),
    ],
)
def test_b_values_that_vendors_keep_for_themselves(
    group: int, creator: str, element: int, vr: str, value: Any, expected: float | None
) -> None:
    assert with_private(group, creator, element, vr, value).b_value == expected


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("ORIGINAL\\PRIMARY\\AXIAL", ""),
        ("ORIGINAL\\PRIMARY\\LOCALIZER", "localizer"),
        ("ORIGINAL\\PRIMARY\\M\\ND", ""),
        ("ORIGINAL\\PRIMARY\\M_FFE\\M\\FFE", ""),
        ("ORIGINAL\\PRIMARY\\SW_M_FFE\\SW_M\\FFE", ""),
        ("ORIGINAL\\PRIMARY\\SW_P_FFE\\SW_P\\FFE", "phase"),
        ("ORIGINAL\\PRIMARY\\PHASE MAP\\P\\FFE", "phase"),
        ("DERIVED\\PRIMARY\\DIFFUSION\\ADC\\ND", "diffusion_coefficient"),
        ("DERIVED\\SECONDARY", "derived"),
        ("DERIVED\\PRIMARY\\DIXON\\WATER", "water"),
    ],
)
def test_kinds_are_words_of_a_closed_list(words: str, kind: str) -> None:
    found = frame(ImageType=words.split("\\")).kind
    assert found == kind
    assert found in KINDS


def test_ge_says_by_number_what_is_not_magnitude() -> None:
    assert with_private(0x0043, "GEMS_PARM_01", 0x2F, "SS", 3).kind == "imaginary"


@pytest.mark.parametrize(
    ("b_value", "direction", "kind"), [(1000.0, "I", "trace"), (1000.0, "O", ""), (0.0, "I", "")]
)
def test_what_philips_averages_over_all_directions_is_none_of_them(
    b_value: float, direction: str, kind: str
) -> None:
    made = dataset(ramp(), ImageType=["ORIGINAL", "PRIMARY", "M_SE", "M", "SE"])
    block = made.private_block(0x2001, "Philips Imaging DD 001", create=True)
    block.add_new(0x03, "FL", b_value)
    block.add_new(0x04, "CS", direction)
    (found,) = read_dicom(written(made)).frames
    assert (found.b_value, found.kind) == (b_value, kind)


def test_sections_of_nuclear_medicine_are_placed_one_after_another() -> None:
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [0, 0, 10], [1, 0, 0, 0, 1, 0]
    volume = ramp(24, 6).reshape(3, 8, 6)
    made = dataset(
        volume[0],
        SOPClassUID=uid.NuclearMedicineImageStorage,
        Modality="NM",
        ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"],
        NumberOfFrames=3,
        PixelSpacing=[4, 4],
        SpacingBetweenSlices=-4,
        DetectorInformationSequence=Sequence([detector]),
        PixelData=volume.tobytes(),
    )
    frames = read_dicom(written(made)).frames
    assert [one.position for one in frames] == [(0, 0, 10), (0, 0, 6), (0, 0, 2)]
    assert [one.number for one in frames] == [0, 1, 2]


def test_frames_that_say_nothing_are_counted() -> None:
    film = ramp(24, 6).reshape(3, 8, 6)
    made = dataset(
        film[0], NumberOfFrames=3, PixelData=film.tobytes(), SOPClassUID=uid.XRayAngiographicImageStorage
    )
    assert [(one.position, one.number) for one in read_dicom(written(made)).frames] == [
        (None, 0),
        (None, 1),
        (None, 2),
    ]
