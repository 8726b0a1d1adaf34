"""Descriptions cleaned by keeping what is known to be harmless (PS3.15 E.3.5): words of closed vocabularies.

Everything else goes: names, addresses, numbers, dates, and vocabulary words that somebody may be called by,
behind a title ("Dr. Hand") or in the file's own name fields.
"""

import re
from collections.abc import Set
from functools import cache
from pathlib import Path
from typing import Final

_TITLES: Final = frozenset(
    b"""doctor doc prof professor md mrs ms miss mister sir madam herr frau fr m mme mlle monsieur madame dott
    sr sra dhr mevr patient pt name physician radiologist tech technologist operator referred requested
    by""".split()
)
_MODALITIES_TOO: Final = frozenset({b"dr", b"mr"})
"""Titles where written `Dr` or with a full stop."""
_IMAGE_TERMS: Final = frozenset(
    b"""monochrome1 monochrome2 rgb palette color ybr_full ybr_full_422 ybr_partial_420 ybr_ict ybr_rct
    original     derived primary secondary mixed""".split()
)
_PARTS: Final = re.compile(rb"([A-Za-z0-9_]+)(\.?)")
_VOCABULARY: Final = Path(__file__).with_name("tables") / "vocabulary.txt"
_FOLLOWING: Final = 3
"""Words behind a title that go with it."""


def clean_text(text: bytes, names: Set[bytes] = frozenset()) -> bytes:
    """The harmless words of `text`, single spaces between them; `names` are upper-case words to drop too."""
    vocabulary, kept, suspects = _vocabulary(), [], 0
    for word, stop in _PARTS.findall(text):
        if _is_title(word, stop):
            suspects = _FOLLOWING
        elif suspects:
            suspects -= 1
        elif word.lower() in vocabulary and word.upper() not in names:
            kept.append(word)
    return b" ".join(kept)


def is_vocabulary(text: bytes) -> bool:
    """Whether every word of it is harmless, so that only chance made it a name as well."""
    vocabulary = _vocabulary() | _IMAGE_TERMS
    return all(word.lower() in vocabulary for word, _ in _PARTS.findall(text))


@cache
def _vocabulary() -> frozenset[bytes]:
    lines = _VOCABULARY.read_bytes().splitlines()
    return frozenset(word for line in lines if not line.startswith(b"#") for word in line.split())


def _is_title(word: bytes, stop: bytes) -> bool:
    lower = word.lower()
    return lower in _TITLES or (lower in _MODALITIES_TOO and (stop == b"." or word.istitle()))
