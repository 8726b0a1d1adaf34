"""How results name things. Codes of our own where a project's words have none in a public vocabulary."""

import hashlib
from typing import Final

from highdicom.sr import CodedConcept
from pydicom.sr.coding import Code

SCHEME: Final = "99MEDLOOP"

LONGEST_VALUE, LONGEST_MEANING = 16, 64
"""Characters: Code Value and Code Meaning (PS3.5 6.2, SH and LO)."""

UTF_8: Final = "ISO_IR 192"
"""Projects name their classes in any language (PS3.3 C.12.1.1.2)."""

ANATOMY: Final = Code("123037004", "SCT", "Anatomical Structure")
PROCEDURE: Final = Code("363679005", "SCT", "Imaging procedure")
VOLUME: Final = Code("118565006", "SCT", "Volume")
AREA: Final = Code("42798000", "SCT", "Area")
FINDING: Final = Code("121071", "DCM", "Finding")
LEARNING: Final = Code("113109", "DCM", "Artificial Intelligence")
MILLILITRE: Final = Code("mL", "UCUM", "mL")
PIXELS: Final = Code("{pixels}", "UCUM", "pixels")
RATIO: Final = Code("1", "UCUM", "no units")


def text(name: str) -> str:
    """As one value of VR LO: a backslash would make it two. No class has a slash in its name."""
    return name.replace("\\", "/")[:LONGEST_MEANING]


def of_class(name: str) -> CodedConcept:
    """A class or structure as the project calls it."""
    return _own(f"class {name}", name)


def probability_of(name: str) -> CodedConcept:
    return _own(f"probability {name}", f"Probability of {name}")


CONFIDENCE: Final = ("confidence", "Calibrated confidence")


def confidence() -> CodedConcept:
    return _own(*CONFIDENCE)


def _own(what: str, meaning: str) -> CodedConcept:
    value = hashlib.sha256(what.encode()).hexdigest()[:LONGEST_VALUE]
    return CodedConcept(value=value, scheme_designator=SCHEME, meaning=text(meaning))
