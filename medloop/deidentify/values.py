"""What becomes of a single value: bytes in, bytes out, no character set needed."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from medloop.deidentify.actions import Action, Rule
from medloop.deidentify.dates import BY_VR
from medloop.deidentify.descriptors import clean_text, is_vocabulary
from medloop.deidentify.elements import ANON, dummy
from medloop.rules.pseudonyms import Pseudonyms

STRINGS: Final = frozenset(b"AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())

_STANDARD_UID: Final = re.compile(rb"1\.2\.840\.10008(\.[0-9]{1,4}){1,8}")
"""Registered UIDs have short arcs; devices that misuse this root put dates and serial numbers behind it."""
_UIDS: Final = re.compile(rb"[0-9.\\ \x00]*")
_DECIMALS: Final = re.compile(rb"[0-9+\-.eE\\ \x00]*")
_AGE: Final = re.compile(rb"(\d{3})[DWMY]")
_OLDEST: Final = 89
"""Years; higher ages identify (45 CFR 164.514) and are kept as 090Y."""
_CHARACTER_SET: Final = re.compile(
    rb"ISO_IR (6|13|100|101|109|110|126|127|138|144|148|166|192|203)|GB18030|GBK|"
    rb"ISO 2022 IR (6|13|58|87|100|101|109|110|126|127|138|144|148|149|159|166|203)"
)
_TO_ASCII: Final = bytes(range(128)) + b"?" * 128
_STRUCTURE: Final = frozenset(
    b"""CONTAINS INFERRED_FROM HAS_PROPERTIES SELECTED_FROM CONTAINER SEPARATE CONTINUOUS TEXT NUM CODE IMAGE
    COMPOSITE SCOORD SCOORD3D TCOORD UIDREF PNAME DATE TIME DATETIME YES NO PIXEL DISPLAY POINT POLYLINE
    INTERPOLATED CIRCLE ELLIPSE""".replace(b"_", b" ").split()
)
"""Words that hold an item together where everything else in it becomes a dummy."""


def is_uid(value: bytes) -> bool:
    """Digits and dots: nothing else of what could stand in its place."""
    return _UIDS.fullmatch(value) is not None


@dataclass
class Values:
    """The treatment of one file's values."""

    pseudonyms: Pseudonyms
    subject: str
    """The pseudonym of the file's patient, or ""."""
    days: int
    """By how much dates move; 0 where they stay."""
    names: tuple[bytes, ...] = ()
    """Upper case: what the file calls patient, physicians and hospital; no text that holds one is kept."""
    _uids: dict[bytes, bytes] = field(default_factory=dict)

    def treat(self, rule: Rule, value: bytes) -> bytes | None:
        """The value to write instead; the same object to leave it as it is, None to remove the element."""
        action = rule.action
        if action is Action.REMOVE:
            return None
        if action is Action.SUBJECT:
            return self.subject.encode()
        if not value.strip(b"\x00 "):
            return value
        if action is Action.KEEP:
            return self._kept(rule, value)
        if action is Action.UID:
            return self._mapped(value)
        if action is Action.DATE:
            moved = BY_VR[rule.vr](value, self.days)
            return self.treat(rule._replace(action=rule.otherwise), value) if moved is None else moved
        if action is Action.CLEAN:
            cleaned = clean_text(value, frozenset(self.names))
            return cleaned or self.treat(rule._replace(action=rule.otherwise), value)
        if action is Action.TITLE:
            return self._titles(value)
        if action is Action.CLASS_UID:
            return value if is_uid(value) else b""
        if action is Action.CHARSET:
            return value if _CHARACTER_SET.fullmatch(value.strip()) else b"ISO_IR 192"
        return b"" if action is Action.EMPTY else dummy(rule.vr)

    def scrub(self, rule: Rule, value: bytes) -> bytes | None:
        """The same inside a sequence that is to be a dummy: nothing but its structure is kept."""
        if rule.action not in (Action.KEEP, Action.CLEAN, Action.TITLE):
            return self.treat(rule, value)
        if not value or (rule.vr == b"CS" and value.strip() in _STRUCTURE):
            return value
        return dummy(rule.vr)

    def _kept(self, rule: Rule, value: bytes) -> bytes | None:
        vr = rule.vr
        if vr not in STRINGS:
            return None if self._is_named(value) else value
        if vr == b"UI":
            return value if is_uid(value) else self._mapped(value)
        if vr in (b"DS", b"IS"):
            return value if _DECIMALS.fullmatch(value) else b""
        if vr == b"AS":
            return _age(value)
        if b"\x1b" in value:  # behind an escape, ASCII bytes may be other letters
            return ANON
        text = value if value.isascii() else value.translate(_TO_ASCII)
        if self._is_named(text, harmless=is_vocabulary if vr == b"CS" else None):
            return ANON
        return text

    def _is_named(self, value: bytes, harmless: Callable[[bytes], bool] | None = None) -> bool:
        """By a name that is no word of the standard as well: code strings are full of those."""
        if not self.names:
            return False
        upper = value.upper()
        return any(name in upper and not (harmless and harmless(name)) for name in self.names)

    def _mapped(self, value: bytes) -> bytes:
        known = self._uids.get(value)
        if known is None:
            known = self._uids[value] = b"\\".join(map(self._uid, value.split(b"\\")))
        return known

    def _uid(self, uid: bytes) -> bytes:
        plain = uid.strip(b"\x00 ")
        if not plain or _STANDARD_UID.fullmatch(plain):
            return plain
        return self.pseudonyms.uid(plain.decode("latin-1")).encode()

    def _titles(self, value: bytes) -> bytes:
        titles = (title.strip(b"\x00 ").decode("latin-1") for title in value.split(b"\\"))
        return b"\\".join(self.pseudonyms.title(title).encode() for title in titles if title)


def _age(value: bytes) -> bytes:
    found = _AGE.fullmatch(value.strip(b"\x00 "))
    if found is None:
        return b""
    return b"090Y" if value[3:4] == b"Y" and int(found[1]) > _OLDEST else value
