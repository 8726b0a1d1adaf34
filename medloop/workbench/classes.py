"""Names of classes and structures, as folders, tables and classes.txt write them."""

import unicodedata
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from events.message import ClassName
from medloop.workbench.failures import Unusable

_CLASS: TypeAdapter[str] = TypeAdapter(ClassName)


def class_name(text: str) -> str:
    """In Unicode NFC, whatever form the file system or a table uses.

    Raises:
        Unusable: it is empty, too long, or has characters that no class may have.
    """
    name = unicodedata.normalize("NFC", text)
    try:
        return _CLASS.validate_python(name)
    except ValidationError:
        remedy = "a class has 1 to 64 characters, and no slash or control character among them"
        raise Unusable(f"{name[:64]!r} cannot be a class", remedy) from None


def class_names(file: Path) -> tuple[str, ...]:
    """One in a line of `classes.txt`.

    Raises:
        Unusable: it is no text, or names one twice.
    """
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Unusable(f"{file} is not UTF-8", "save it as text in UTF-8") from None
    names = tuple(class_name(line.strip()) for line in lines if line.strip())
    if len(set(names)) < len(names):
        raise Unusable(f"{file} has a name twice", "write one name a line")
    return names
