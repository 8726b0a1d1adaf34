"""What a person may overrule after a look at a refused upload."""

from typing import Final

from medloop.rules.reasons import Reason

RELEASABLE: Final = frozenset(
    {
        Reason.BURNED_IN_REVIEW,
        Reason.CONSTANT_IMAGE,
        Reason.NOT_STRICT,
        Reason.POLYGLOT_PREAMBLE,
        Reason.TYPE_MISMATCH,
        Reason.UID_COLLISION,
    }
)
"""Doubts about files that can be read. What cannot, or lies in the wrong place, stays so whoever looks."""


def may_release(reason: Reason) -> bool:
    return reason in RELEASABLE
