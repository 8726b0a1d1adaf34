"""The value representations of DICOM (PS3.5 §6.2), as far as reading past an element needs them."""

from typing import Final

SHORT: Final = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
"""Two bytes of length follow at once."""

LONG: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""Two reserved bytes, then four bytes of length."""

KNOWN: Final = SHORT | LONG
