"""What operating systems and office programs leave among people's images."""

from typing import Final

_NAMES: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".directory"})

_DOCUMENTS: Final = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp")


def is_junk(path: str) -> bool:
    """Judged by the name alone: these files say nothing about any patient's image."""
    parts = path.replace("\\", "/").split("/")
    name = parts[-1].lower()
    return name in _NAMES or name.startswith("._") or "__MACOSX" in parts


def is_document(path: str) -> bool:
    """Office documents are archives themselves, so they could not be told from a nested one by content."""
    return path.lower().endswith(_DOCUMENTS)
