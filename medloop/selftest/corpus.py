"""The whole corpus: importing a topic enters its cases."""

import importlib
import pkgutil

from medloop.selftest import topics
from medloop.selftest.case import Case, registered


def corpus() -> dict[str, Case]:
    """Every case by id, in the order of the ids."""
    for topic in pkgutil.iter_modules(topics.__path__):
        importlib.import_module(f"{topics.__name__}.{topic.name}")
    return registered()
