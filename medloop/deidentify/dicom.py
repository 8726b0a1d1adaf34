"""DICOM without identifiers: Table E.1-1 and its options on the bytes, at every depth (PS3.15 Annex E)."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from medloop.deidentify.marks import Marks, marks, moved_here, token
from medloop.deidentify.names import names_in
from medloop.deidentify.part10 import part10_header
from medloop.deidentify.pixels import element_start, pixel_parts
from medloop.deidentify.result import Deidentified
from medloop.deidentify.rewriting import Contradiction, Rewriting
from medloop.deidentify.values import Values, is_uid
from medloop.imaging.dicom.elements import PIXEL_KINDS, Element
from medloop.imaging.dicom.file import STRAY, DicomFile
from medloop.imaging.dicom.syntaxes import Codec
from medloop.rules.project import Deidentification
from medloop.rules.pseudonyms import Pseudonyms
from medloop.rules.reasons import Reason, Refused

Stretch = int | tuple[int, int]
"""One of our own elements by its tag, or bytes of the file to be rewritten."""

_SOP_UID, _STUDY_UID, _PATIENT_ID = 0x00080018, 0x0020000D, 0x00100020


def deidentify_dicom(file: DicomFile, policy: Deidentification, pseudonyms: Pseudonyms) -> Deidentified:
    """A new Part 10 file in the same transfer syntax (explicit where it was deflated), its pixels untouched.

    What is a result of the same key already comes out unchanged.

    Raises:
        Refused: BAD_HEADER where the elements contradict each other, UNDECODABLE for pixels that cannot be
            looked through.
    """
    study = file.raw(_STUDY_UID).decode("latin-1")
    subject = pseudonyms.subject(_text(file.raw(_PATIENT_ID)), study)
    sop_uid = _sop_uid(file, policy, pseudonyms)
    _check_pixels(file)
    proof = token(pseudonyms, subject, sop_uid)
    moved = moved_here(file, proof)
    days = pseudonyms.shift_days(subject) if policy.dates == "shift" and not moved else 0
    values = Values(pseudonyms, subject, days)
    ours = marks(
        file, policy, subject, proof if days or (moved and policy.dates != "remove") else "", file.encoding
    )
    try:
        rewriting = _rewrite(file, policy, values, ours)
        names = (names_in(file, policy) | rewriting.names) - {subject.upper().encode()}
        if _mentions(rewriting, names, ours):
            rewriting = _rewrite(file, policy, Values(pseudonyms, subject, days, tuple(names)), ours)
    except Contradiction:
        raise Refused(Reason.BAD_HEADER, {"problem": "sequence"}) from None
    parts = [*rewriting.parts, *pixel_parts(file)]
    top = part10_header(file, (sop_uid or _content_uid(parts, pseudonyms)).encode())
    return Deidentified(b"".join((top, *parts)), dict(rewriting.counts))


def _rewrite(file: DicomFile, policy: Deidentification, values: Values, ours: Marks) -> Rewriting:
    """Everything before the pixel data, with our own elements in their places."""
    rewriting = Rewriting(file.data, policy, values)
    found = {tag: element for tag, element in file.elements.items() if tag not in PIXEL_KINDS}
    # Between elements that ascend lies nothing but what is to be rewritten, unless items are astray there.
    in_order = STRAY not in file.repaired and list(found) == sorted(found)
    stretches = (_in_order if in_order else _one_by_one)(found, tuple(ours))
    for stretch in stretches:
        if isinstance(stretch, int):
            rewriting.add(ours[stretch])
        else:
            rewriting.rewrite(*stretch, file.encoding)
    return rewriting


def _in_order(found: dict[int, Element], ours: tuple[int, ...]) -> Iterator[Stretch]:
    """The bytes between our own elements' places, each stretch as long as can be."""
    if not found:
        yield from ours
        return
    places = [element_start(element) for element in found.values()]
    places.append(max(element.end for element in found.values()))
    tags, done = list(found), 0
    for tag in ours:
        upto = bisect_left(tags, tag)
        yield places[done], places[upto]
        yield tag
        done = upto + (tag in found)
    yield places[done], places[-1]


def _one_by_one(found: dict[int, Element], ours: tuple[int, ...]) -> Iterator[Stretch]:
    """For a file whose elements do not ascend, or have items astray between them."""
    for tag in sorted({*found, *ours}):
        yield tag if tag in ours else (element_start(found[tag]), found[tag].end)


def _mentions(rewriting: Rewriting, names: frozenset[bytes], ours: Marks) -> bool:
    """Whether a name is left anywhere: then text is looked at value by value, which takes longer."""
    own = set(ours.values())
    text = b"".join(part for part in rewriting.parts if part not in own).upper()
    return any(name in text for name in names)


def _sop_uid(file: DicomFile, policy: Deidentification, pseudonyms: Pseudonyms) -> str:
    """As it is written out; "" of an object that has none."""
    uid = file.raw(_SOP_UID)
    if not uid or (policy.retain_uids and is_uid(uid)):
        return uid.decode("ascii")
    return pseudonyms.uid(uid.decode("latin-1"))


def _content_uid(parts: Iterable[bytes | memoryview], pseudonyms: Pseudonyms) -> str:
    """For the file meta group of an object without a UID: it follows from what is written of it."""
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
    return pseudonyms.uid(hashed.hexdigest())


def _check_pixels(file: DicomFile) -> None:
    """Video and JPEG XL have room for text of which nothing here knows where it lies."""
    if file.syntax.codec is Codec.NONE_HERE:
        raise Refused(Reason.UNDECODABLE, {"transfer_syntax": file.syntax.name})


def _text(raw: bytes) -> str:
    """The character set does not matter: equal bytes stay equal."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
