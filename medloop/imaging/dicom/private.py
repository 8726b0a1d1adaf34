"""Elements that vendors define: found by who reserved their block, never by number alone (PS3.5 §7.8.1)."""

from medloop.imaging.dicom.dataset import DataSet


def private_tag(dataset: DataSet, group: int, creator: bytes, element: int) -> int:
    """The tag that `creator`'s element 00..ff has in this data set; 0 where it reserved no block."""
    for block in range(0x10, 0x100):
        reservation = group << 16 | block
        if reservation not in dataset.elements:
            # Blocks are reserved from the first on, with few left out.
            if block > 0x1F:
                return 0
            continue
        if dataset.raw(reservation) == creator:
            return group << 16 | block << 8 | element
    return 0
