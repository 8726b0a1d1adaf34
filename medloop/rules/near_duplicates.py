"""Pairs of images that show the same thing, although no byte of them is equal."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

CLOSE: Final = 16
"""Bits of 256 in which two fingerprints of one picture may differ; docs/evidence/shards.md says why."""

_BANDS: Final = CLOSE + 1
_WIDTH: Final = 256 // _BANDS
_MASK: Final = 2**_WIDTH - 1


def resembling(images: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """For each of the images that shows what one of the others shows: that other.

    Both map a key to a fingerprint in hexadecimal (medloop.imaging.fingerprint). The same two mappings give
    the same answer, in whatever order they were filled.

    Sixteen differing bits cannot touch all of seventeen bands: one band at least is equal, and only
    images that share a band are compared.
    """
    waiting = [(key, int(images[key], 16)) for key in sorted(images)]
    known = [(key, int(others[key], 16)) for key in sorted(others)]
    found: dict[str, str] = {}
    for shift in range(0, _BANDS * _WIDTH, _WIDTH):
        buckets: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for key, number in known:
            buckets[number >> shift & _MASK].append((key, number))
        for key, number in waiting:
            for other, its in buckets.get(number >> shift & _MASK, ()):
                if (number ^ its).bit_count() <= CLOSE:
                    found[key] = other
                    break
        waiting = [(key, number) for key, number in waiting if key not in found]
    return found
