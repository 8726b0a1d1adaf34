"""What a model is judged on apart: scanner, site, sex and age band, as far as a project keeps them."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from medloop.rules.project import Deidentification

SEXES: Final = ("F", "M", "O")
"""PS3.3 C.7.1.1; any other value says nothing."""

AGE: Final = re.compile(r"(\d{3})([DWMY])")
"""PS3.5 AS."""

OLDEST: Final = 90
"""Years: all above are one band, for they are few (45 CFR 164.514(b)(2)(i)(C))."""

LONGEST: Final = 64
"""Characters, the most that an LO has."""

_FACT: Final = "subgroups"


def subgroups(header: Mapping[str, str], policy: Deidentification) -> dict[str, str]:
    """By attribute. What the project's policy takes out of the file is not here either.

    Manufacturer and model are in no row of PS3.15 Table E.1-1, and stay with every policy.

    Args:
        header: `manufacturer`, `model`, `institution`, `sex` and `age` as the file says them.
    """
    found = {"scanner": _words(header.get("manufacturer", ""), header.get("model", ""))}
    if policy.retain_institution_identity:
        found["site"] = _words(header.get("institution", ""))
    if policy.retain_patient_characteristics:
        sex = header.get("sex", "").upper()
        found["sex"] = sex if sex in SEXES else ""
        found["age band"] = age_band(header.get("age", ""))
    return {attribute: value for attribute, value in found.items() if value}


def noted(found: Mapping[str, str]) -> dict[str, object]:
    """As the facts of an image in the catalogue hold them."""
    return {_FACT: dict(found)} if found else {}


def noted_in(facts: str) -> dict[str, str]:
    """The way back, from the facts' JSON text."""
    found: dict[str, str] = json.loads(facts).get(_FACT, {})
    return found


def common(facts: Iterable[str]) -> dict[str, str]:
    """What all slices of a volume agree on."""
    first, *others = (set(noted_in(text).items()) for text in facts)
    return dict(sorted(first.intersection(*others)))


def age_band(age: str) -> str:
    """`045Y` → `40 to 49`; "" for what is no age."""
    match = AGE.fullmatch(age)
    if match is None:
        return ""
    years = int(match[1]) if match[2] == "Y" else 0
    decade = years // 10 * 10
    return f"{OLDEST} and above" if years >= OLDEST else f"{decade} to {decade + 9}"


def _words(*texts: str) -> str:
    """In one line, each word once, as vendors repeat their name in the model's."""
    words = " ".join(texts).split()
    return " ".join(dict.fromkeys(words))[:LONGEST]
