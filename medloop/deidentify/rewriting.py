"""A DICOM data set written anew: what may stay is copied in runs, everything else is left out or replaced.

One pass over the bytes, into every sequence, no element built. Lengths that a change makes wrong are put
right where they stand, in what was already copied.
"""

import struct
from collections import Counter
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

from medloop.deidentify.actions import PLAIN, Action, Rule, rules
from medloop.deidentify.elements import element, header
from medloop.deidentify.names import NAMING, names_of
from medloop.deidentify.standard import safe_creators, safe_private
from medloop.deidentify.values import STRINGS, Values
from medloop.imaging.dicom.elements import (
    ITEM,
    ITEM_END,
    PIXEL_DATA,
    PIXEL_KINDS,
    SEQUENCE_END,
    UNDEFINED,
    Encoding,
    end_of_fragments,
    end_of_items,
)
from medloop.imaging.dicom.vr import LONG, SHORT
from medloop.imaging.limits import MAX_DEPTH
from medloop.rules.project import Deidentification
from medloop.rules.pseudonyms import Pseudonyms
from medloop.rules.reasons import Refused

_REMOVED: Final = Rule(Action.REMOVE, b"UN")
_SHORT_VALUE: Final = 64
"""Bytes: longer values hardly ever come twice."""
_MANY: Final = 4000
_PATIENTS: Final = 8
"""Whose elements are remembered; slices of one come after each other."""
_NO_VR: Final = frozenset({b""})


class Contradiction(Exception):
    """Lengths or delimiters of a sequence that do not fit together."""


class _Layout(NamedTuple):
    """How the elements of one data set or item are to be read."""

    implicit: bool
    big: bool
    depth: int = 0
    """Sequences around it."""
    scrub: bool = False
    """Inside a sequence that is to be a dummy."""

    @property
    def encoding(self) -> Encoding:
        return Encoding(self.implicit, self.big)


class _Found(NamedTuple):
    """One element, its value not looked at."""

    tag: int
    vr: bytes
    """As the file has it; b"" where it has none."""
    position: int
    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length


class _Outcome(NamedTuple):
    """What becomes of an element."""

    new: bytes | None
    """To be written instead; b"" where it is left out, None where it stays."""
    counted: str = ""


_STAYS: Final = _Outcome(None)

_Memory = dict[bytes, _Outcome]
"""By the bytes of the whole element."""


class Rewriting:
    """`parts` joined are the new data set."""

    def __init__(self, data: bytes, policy: Deidentification, values: Values) -> None:
        self.data, self.policy, self.values = data, policy, values
        self.parts: list[bytes] = []
        self._rules = _by_tag(policy)
        self._plain = {False: _plain(policy, False), True: _plain(policy, True)}
        self.counts: Counter[str] = Counter()
        self.names: set[bytes] = set()
        """Of people and places, upper case, as replaced or left out at any depth."""
        # Odd groups are left out without a further look, unless some may be safe.
        self._private_bit = {
            big: 0 if policy.retain_safe_private else _raw(1 << 16, big) for big in (False, True)
        }
        self._run = 0
        """From here on nothing is copied yet."""
        self._total = 0
        """Bytes in parts."""
        # What is decided without names depends on nothing else, and most elements come again in every slice.
        known = (policy, values.pseudonyms, values.subject, values.days)
        self._memory = _new_memory() if values.names else _memory(*known)
        self._creators: dict[tuple[int, int], bytes] = {}
        """Private creators of the data set or item at hand, by group and block."""

    def rewrite(self, start: int, end: int, encoding: Encoding) -> None:
        """Whole top-level elements between two places of the data.

        Raises:
            Contradiction: nothing in the file says where a damaged sequence ends.
        """
        self._run = start
        try:
            self._elements(start, end, _Layout(encoding.implicit, encoding.big), delimited=False)
        except (struct.error, Refused) as error:
            raise Contradiction from error
        self._copy(end)

    def add(self, part: bytes) -> None:
        """New elements, behind everything so far."""
        self.parts.append(part)
        self._total += len(part)

    # ── elements ───────────────────────────────────────────────────────────────────────────────────────

    def _elements(self, position: int, end: int, layout: _Layout, delimited: bool) -> int:
        """Behind the last element, or behind the delimiter that ends them."""
        implicit, big, _, scrub = layout
        data = self.data
        known, plain = ({}, {}) if scrub else (self._memory[implicit, big], self._plain[big])
        unpack, short = _HEADERS[implicit, big], _NO_VR if implicit else SHORT
        last, private = _ITEM_END[big], self._private_bit[big]
        while position < end:
            raw, vr, length = unpack(data, position)
            # The usual cases first: a number, an element like one that was looked at before, a private one.
            if (raw in plain) if implicit else (plain.get(raw) == vr):
                position += 8 + length
            elif length <= _SHORT_VALUE and (outcome := known.get(data[position : position + 8 + length])):
                position = self._settle(position, position + 8 + length, outcome)
            elif raw & private and vr in short and length != UNDEFINED:
                if position > self._run:
                    self._copy(position)
                position = self._run = position + 8 + length
                self.counts["private"] += 1
            elif raw == last and delimited:
                return position + 8
            else:
                position = self._element(self._found(position, layout), end, layout)
        if delimited or position != end:
            raise Contradiction
        return position

    def _found(self, position: int, layout: _Layout) -> _Found:
        data = self.data
        order: Literal["big", "little"] = "big" if layout.big else "little"
        tag = int.from_bytes(data[position : position + 2], order) << 16
        tag |= int.from_bytes(data[position + 2 : position + 4], order)
        vr = b"" if layout.implicit else data[position + 4 : position + 6]
        if vr in SHORT:
            return _Found(
                tag, vr, position, position + 8, int.from_bytes(data[position + 6 : position + 8], order)
            )
        if vr not in LONG:
            vr = b""
        start = position + (12 if vr else 8)
        return _Found(tag, vr, position, start, int.from_bytes(data[start - 4 : start], order))

    def _element(self, found: _Found, end: int, layout: _Layout) -> int:
        """Where the next element begins."""
        rule = self._rule(found)
        known = found.vr if found.vr not in (b"", b"UN") else rule.vr
        if found.length == UNDEFINED:
            if found.tag == PIXEL_DATA or known in (b"OB", b"OW"):
                return self._leave_out(found, end_of_fragments(self.data, found.start, layout.big))
            return self._sequence(found, rule, end, layout)
        if found.end > end or found.start > end:
            raise Contradiction
        if (known == b"SQ") != (rule.vr == b"SQ"):
            return self._leave_out(found, found.end)
        if known == b"SQ":
            return self._sequence(found, rule, end, layout)
        return self._value(found, rule, known, layout)

    def _value(self, found: _Found, rule: Rule, known: bytes, layout: _Layout) -> int:
        outcome = self._outcome(found, rule, known, layout)
        # What a private one means depends on its creator; names are to be noticed in every file.
        depends = layout.scrub or found.tag >> 16 & 1 or found.tag in NAMING
        memory = self._memory[layout.implicit, layout.big]
        if found.length <= _SHORT_VALUE and not depends and len(memory) < _MANY:
            memory[self.data[found.position : found.end]] = outcome
        return self._settle(found.position, found.end, outcome)

    def _outcome(self, found: _Found, rule: Rule, known: bytes, layout: _Layout) -> _Outcome:
        is_text = known in STRINGS
        if is_text != (rule.vr in STRINGS):
            rule = _REMOVED  # text where a number belongs, or the reverse
        value = self.data[found.start : found.end]
        if known in PLAIN and rule.action is Action.KEEP and not layout.scrub:
            return self._unchanged(found, known, value, layout)
        if found.tag in NAMING and rule.action is not Action.KEEP:
            self.names |= names_of(found.tag, value)
        new = (self.values.scrub if layout.scrub else self.values.treat)(rule, value)
        if new is None:
            return _Outcome(b"", self._kind(found))
        if new is value or new == value.rstrip(b"\x00 "):
            return self._unchanged(found, known, value, layout)
        return _Outcome(element(found.tag, found.vr or known, new, layout.encoding), rule.action.value)

    def _unchanged(self, found: _Found, known: bytes, value: bytes, layout: _Layout) -> _Outcome:
        if not found.vr and not layout.implicit:  # written without a VR in an explicit file
            return _Outcome(element(found.tag, known, value, layout.encoding))
        return _STAYS

    def _settle(self, position: int, end: int, outcome: _Outcome) -> int:
        if outcome.new is not None:
            self._copy(position)
            if outcome.new:
                self.add(outcome.new)
            self._run = end
        if outcome.counted:
            self.counts[outcome.counted] += 1
        return end

    # ── what is to be done ─────────────────────────────────────────────────────────────────────────────

    def _rule(self, found: _Found) -> Rule:
        rule = self._rules.get(found.tag)
        if rule is not None:
            return rule
        if found.tag >> 16 & 1 and self.policy.retain_safe_private:
            return self._private(found)
        return _REMOVED

    def _private(self, found: _Found) -> Rule:
        """Creator-aware: the same number means another thing in another creator's block (PS3.5 §7.8)."""
        group, number = found.tag >> 16, found.tag & 0xFFFF
        if 0x10 <= number <= 0xFF:
            creator = self.data[found.start : found.end].strip(b"\x00 ")
            self._creators[group, number] = creator
            return Rule(Action.KEEP, b"LO") if (creator, group) in safe_creators() else _REMOVED
        creator = self._creators.get((group, number >> 8), b"")
        vr = safe_private().get((creator, group, number & 0xFF))
        if vr is None:
            return _REMOVED
        vr = vr[:2] or found.vr or b"UN"
        if vr == b"UI" and not self.policy.retain_uids:
            return Rule(Action.UID, vr)
        return Rule(Action.CLEAN if vr in (b"ST", b"LT") else Action.KEEP, vr)

    # ── sequences ──────────────────────────────────────────────────────────────────────────────────────

    def _sequence(self, found: _Found, rule: Rule, end: int, layout: _Layout) -> int:
        is_unknown = found.vr == b"UN"  # holds implicit little endian, whatever is around it (PS3.5 §6.2.2)
        scrub = layout.scrub or rule.action is Action.DUMMY
        inner = _Layout(layout.implicit or is_unknown, layout.big and not is_unknown, layout.depth + 1, scrub)
        if rule.action is Action.REMOVE or rule.vr != b"SQ":
            return self._leave_out(found, self._end(found, inner))
        if rule.action is Action.EMPTY:
            self.counts[rule.action.value] += 1
            return self._replace(
                found, element(found.tag, b"SQ", b"", layout.encoding), self._end(found, inner)
            )
        if not found.vr and not layout.implicit:
            return self._mended(found, end, inner)
        if found.length == UNDEFINED:
            return self._items(found.start, end, inner, delimited=True)
        return self._bounded(found, inner)

    def _end(self, found: _Found, inner: _Layout) -> int:
        if found.length == UNDEFINED:
            return end_of_items(self.data, found.start, inner.encoding)
        return found.end

    def _bounded(self, found: _Found, inner: _Layout) -> int:
        """A sequence that states its length; where it contradicts itself, nothing in it can be trusted."""
        before = len(self.parts), self._run, self._total
        try:
            self._items(found.start, found.end, inner, delimited=False)
        except (Contradiction, struct.error, Refused):
            del self.parts[before[0] :]
            _, self._run, self._total = before
            return self._leave_out(found, found.end)
        self._correct(before, found.start, found.end, inner.big)
        return found.end

    def _mended(self, found: _Found, end: int, inner: _Layout) -> int:
        """Written without a VR in an explicit file: it gets one, and a delimiter instead of its length."""
        self._replace(found, header(found.tag, b"SQ", UNDEFINED, inner.encoding), found.start)
        if found.length == UNDEFINED:
            return self._items(found.start, end, inner, delimited=True)
        stop = self._items(found.start, found.end, inner, delimited=False)
        self._copy(stop)
        self.add(_delimiter(SEQUENCE_END, inner.big))
        return stop

    def _items(self, position: int, end: int, layout: _Layout, delimited: bool) -> int:
        """Behind the last item, or behind the delimiter that ends them."""
        if layout.depth > MAX_DEPTH:
            raise Contradiction
        unpack, item, last = _HEADERS[True, layout.big], _ITEM[layout.big], _SEQUENCE_END[layout.big]
        outside = self._creators
        while position < end:
            raw, _, length = unpack(self.data, position)
            position += 8
            if raw == last and delimited:
                return position
            if raw != item:
                raise Contradiction
            self._creators = {}
            position = self._item(position, length, end, layout)
            self._creators = outside
        if delimited or position != end:
            raise Contradiction
        return position

    def _item(self, position: int, length: int, end: int, layout: _Layout) -> int:
        if length == UNDEFINED:
            return self._elements(position, end, layout, delimited=True)
        stop = position + length
        if stop > end:
            raise Contradiction
        before = len(self.parts), self._run, self._total
        self._elements(position, stop, layout, delimited=False)
        self._correct(before, position, stop, layout.big)
        return stop

    # ── writing ────────────────────────────────────────────────────────────────────────────────────────

    def _copy(self, end: int) -> None:
        """Everything from the present run up to `end` stays as it is."""
        if end > self._run:
            self.add(self.data[self._run : end])
        self._run = end

    def _replace(self, found: _Found, new: bytes, end: int | None = None) -> int:
        self._copy(found.position)
        self.add(new)
        self._run = found.end if end is None else end
        return self._run

    def _leave_out(self, found: _Found, end: int) -> int:
        return self._settle(found.position, end, _Outcome(b"", self._kind(found)))

    def _kind(self, found: _Found) -> str:
        """What is left out with this element, as it is counted."""
        is_known = found.tag in self._rules or found.tag & 0xFFFF == 0
        return "private" if found.tag >> 16 & 1 else "removed" if is_known else "unknown"

    def _correct(self, before: tuple[int, int, int], start: int, end: int, big: bool) -> None:
        """The four bytes before `start` state how long the content is, and that may have changed."""
        at, run, total = before
        length = self._total + end - self._run - (total + start - run)
        if length != end - start:
            # The first part since `before` begins at `run` and reaches beyond `start`.
            part, place = self.parts[at], start - 4 - run
            self.parts[at] = part[:place] + length.to_bytes(4, "big" if big else "little") + part[place + 4 :]


def _raw(tag: int, big: bool) -> int:
    """A tag's four bytes read as one number: the group and number of little endian change places."""
    return tag if big else (tag & 0xFFFF) << 16 | tag >> 16


_HEADERS: Final = {
    (False, False): struct.Struct("<I2sH").unpack_from,
    (False, True): struct.Struct(">I2sH").unpack_from,
    (True, False): struct.Struct("<I0sI").unpack_from,
    (True, True): struct.Struct(">I0sI").unpack_from,
}
"""Raw tag, VR, and the length where it is a short one."""
_ITEM: Final = {big: _raw(ITEM, big) for big in (False, True)}
_ITEM_END: Final = {big: _raw(ITEM_END, big) for big in (False, True)}
_SEQUENCE_END: Final = {big: _raw(SEQUENCE_END, big) for big in (False, True)}


def _delimiter(tag: int, big: bool) -> bytes:
    return struct.pack(">II" if big else "<II", _raw(tag, big), 0)


@cache
def _by_tag(policy: Deidentification) -> dict[int, Rule]:
    """Pixel data here would be those of an icon: the picture's own are no part of what is rewritten."""
    return rules(policy) | dict.fromkeys(PIXEL_KINDS, _REMOVED)


@cache
def _plain(policy: Deidentification, big: bool) -> dict[int, bytes]:
    """The VR of every attribute that may be copied unseen, by its tag's raw number."""
    return {
        _raw(tag, big): rule.vr
        for tag, rule in _by_tag(policy).items()
        if rule.action is Action.KEEP and rule.vr in PLAIN
    }


@lru_cache(_PATIENTS)
def _memory(
    policy: Deidentification, pseudonyms: Pseudonyms, subject: str, days: int
) -> dict[tuple[bool, bool], _Memory]:
    """Of one patient's files."""
    return _new_memory()


def _new_memory() -> dict[tuple[bool, bool], _Memory]:
    """By whether elements are implicit, and big endian."""
    return {layout: {} for layout in _HEADERS}
