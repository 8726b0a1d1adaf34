"""What an identifier may have been made into on its way: once or more often, by one key after another."""

from collections.abc import Sequence
from dataclasses import dataclass

from medloop.rules.pseudonyms import Pseudonyms


@dataclass(frozen=True)
class Chain:
    """The keys, in the order in which they can have been applied: the hospital's own, then the stack's."""

    links: Sequence[Pseudonyms]

    def uids(self, uid: str) -> set[str]:
        """Every name that it can have now, itself left out: links may have been passed by."""
        found = {uid}
        for link in self.links:
            found |= {link.uid(name) for name in found}
        return found - {uid}
