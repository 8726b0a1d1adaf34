"""No attribute of Table E.1-1 keeps its value, at any depth, in any byte order, unless an option says so."""

import pytest
from pydicom import Dataset

from medloop.deidentify.standard import profile
from tests.identified import (
    ROOT,
    SYNTAXES,
    WORD,
    canary,
    clean_dataset,
    cleaned,
    filled,
    innermost,
    listed,
    nested,
)
from tests.images import written

pytestmark = pytest.mark.filterwarnings("ignore:VR lookup failed")  # pydicom knows an older dictionary

_OURS = {0x00120062, 0x00120063, 0x00120064, 0x00280303}
"""What a de-identified object says of itself."""
_REFERENCES = {row.tag for row in profile() if row.basic == "X/Z/U*"}
"""Sequences whose items stay, with other UIDs in them."""


_REMOVED = {row.tag for row in profile() if row.basic == "X"}


def leaks(found: Dataset) -> list[str]:
    """Attributes that still hold what was planted."""
    left = []
    for element in found:
        if int(element.tag) in _OURS or int(element.tag) not in set(listed()):
            continue
        if element.VR == "SQ":
            canaries = (ROOT,) if f"{int(element.tag):08X}" in _REFERENCES else (ROOT, WORD)
            left += [element.keyword for word in canaries if word in str(element.value)]
        elif element.value not in (None, "") and str(element.value) == str(canary(element.VR)):
            left.append(element.keyword)
    return left


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("dates", ["remove", "shift"])
def test_nothing_listed_is_left(syntax: str, depth: int, dates: str) -> None:
    planted = filled(listed())
    assert len(planted) > 600
    found = innermost(clean_dataset(nested(planted, depth), syntax, dates=dates), depth)
    left = leaks(found)
    # Whole days do not move the time of day.
    assert not [name for name in left if dates == "remove" or found[name].VR != "TM"]


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_text_that_is_kept_holds_no_name_from_any_depth(depth: int) -> None:
    data = written(nested(filled(listed()), depth))
    assert WORD.encode() in data and WORD.encode() not in cleaned(data).content


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_what_the_table_removes_is_gone(depth: int) -> None:
    gone = {tag for tag in listed() if f"{tag:08X}" in _REMOVED}
    found = innermost(clean_dataset(nested(filled(sorted(gone)), depth), dates="remove"), depth)
    assert not {int(element.tag) for element in found} & (gone - _OURS)
