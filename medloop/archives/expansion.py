"""A whole archive, member after member, into whatever takes them."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from medloop.archives.contents import MemberReader
from medloop.archives.directory import read_listing
from medloop.rules.archives import LIMITS, Limits, Listing, Member
from medloop.rules.reasons import Refused

Put = Callable[[Member, BinaryIO], None]
"""Stores one member. Its bytes are sound only once the stream was read to its end without an exception, so
nothing may be kept of a stream that raised; a member that is stored already need not be read at all."""


@dataclass(frozen=True)
class Expansion:
    """What came out of an archive."""

    members: int
    ignored: int
    """Folders, what operating systems leave behind, and office documents."""
    bytes: int
    """Of all members together."""

    @property
    def facts(self) -> dict[str, int | float | str]:
        return {"members": self.members, "ignored": self.ignored, "expanded_bytes": self.bytes}


def expand(file: BinaryIO, put: Put, limits: Limits = LIMITS) -> Expansion:
    """Give every member to `put`, in the order in which their data lies, within a few megabytes of memory.

    `file` is seekable and buffered; it may not be touched while this runs. What the table of contents shows
    to be wrong refuses the archive before the first member. What shows only in the data refuses it then:
    the facts `unpacked` and `members` tell how many were given whole.

    Raises:
        Refused: as `read_listing`; ZIP_EXPANSION, ZIP_NESTED, ZIP_DAMAGED for what shows only in the data.
        Whatever `put` raises passes unchanged.
    """
    return expand_listed(file, read_listing(file, limits), put)


def expand_listed(file: BinaryIO, listing: Listing, put: Put) -> Expansion:
    """The second half of `expand`, for whoever wants to see the listing first."""
    for number, member in enumerate(listing.members):
        reader = MemberReader(file, member)
        try:
            put(member, io.BufferedReader(reader))
            if reader.fault is not None:
                raise reader.fault
        except Refused as refusal:
            facts = {"unpacked": number, "members": len(listing.members)}
            raise Refused(refusal.reason, {**refusal.facts, **facts}) from None
    return Expansion(len(listing.members), len(listing.ignored), listing.bytes)
