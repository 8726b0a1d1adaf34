"""Slices into volumes, and volumes into files."""

from medloop.imaging.volumes.assembly import Slice, Stack, assemble
from medloop.imaging.volumes.encoding import decode_volume, encode_volume

__all__ = ["Slice", "Stack", "assemble", "decode_volume", "encode_volume"]
