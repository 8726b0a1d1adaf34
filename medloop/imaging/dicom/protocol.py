"""Siemens' measurement protocol: a text within the CSA series header that lists every slice."""

import re
from typing import Final, NamedTuple

from medloop.imaging.dicom.csa import csa_values
from medloop.rules.series import Vector
from medloop.rules.stacks.vectors import length, minus, plus, times

_NAMES: Final = (b"MrPhoenixProtocol", b"MrProtocol")
_LINE: Final = re.compile(
    r"^sSliceArray\.(lSize|asSlice\[([01])\]\.sPosition\.d(Sag|Cor|Tra))\s*=\s*(\S+)", re.MULTILINE
)


class SliceTable(NamedTuple):
    slices: int
    first: Vector
    """Centre of the first slice, LPS+ millimetres."""
    step: Vector
    """To the centre of the next."""

    def normal_from(self, centre: Vector) -> Vector:
        """Unit vector from the slice that lies at `centre` to the others: it is the first one or the last."""
        last = plus(self.first, times(self.step, self.slices - 1))
        is_last = length(minus(centre, last)) < length(minus(centre, self.first))
        return times(self.step, (-1 if is_last else 1) / length(self.step))


def slice_table(header: bytes) -> SliceTable | None:
    """Of a CSA series header; None where it lists fewer than two slices, or is none."""
    texts = next((values for name in _NAMES if (values := csa_values(header, name))), [])
    try:
        lines = _lines("".join(texts))
    except ValueError:
        return None
    count, places = int(lines.get("lSize", 0)), [_place(lines, number) for number in (0, 1)]
    step = minus(places[1], places[0])
    return SliceTable(count, places[0], step) if count > 1 and length(step) > 0 else None


def _lines(text: str) -> dict[str, float]:
    """Raises ValueError."""
    found = {match[1]: match[4] for match in _LINE.finditer(text)}
    return {name: int(text, 0) if name == "lSize" else float(text) for name, text in found.items()}


def _place(lines: dict[str, float], number: int) -> Vector:
    """What is zero is left out."""
    sag, cor, tra = (lines.get(f"asSlice[{number}].sPosition.d{axis}", 0.0) for axis in ("Sag", "Cor", "Tra"))
    return (sag, cor, tra)
