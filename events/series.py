"""When slices have become a series that can be made into volumes."""

from typing import Literal

from events.message import ImageId, Message


class SeriesFellQuiet(Message):
    """No slice of this series arrived for the project's quiet period; sent by a one-off schedule."""

    kind: Literal["SeriesFellQuiet"] = "SeriesFellQuiet"
    series: ImageId


class DeliveryConsidered(Message):
    """Look whether everything that one archive or manifest announced has been decided.

    Its series are then complete: nobody has to guess. Repeats itself until they are.
    """

    kind: Literal["DeliveryConsidered"] = "DeliveryConsidered"
    delivery: ImageId
    """The upload id of the archive or of the manifest."""
    form: Literal["archive", "manifest"]


class VolumesAssembled(Message):
    """A series became these volumes, or a new version of them."""

    kind: Literal["VolumesAssembled"] = "VolumesAssembled"
    project: str
    series: ImageId
    version: int
    volumes: int
    refused: int
