"""What pydicom, another reader than ours, finds in a clean file."""

from io import BytesIO

from pydicom import dcmread
from pydicom.dataset import FileDataset

from medloop.intake import Prepared


def clean_dataset(prepared: Prepared) -> FileDataset:
    return dcmread(BytesIO(prepared.clean))
