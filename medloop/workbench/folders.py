"""Class folders: an image shows what its folder is called."""

import unicodedata

from pydantic import TypeAdapter, ValidationError

from events.message import ClassName
from medloop.rules.junk import is_junk
from medloop.rules.reasons import Reason
from medloop.workbench.collection import Collection
from medloop.workbench.example import Example, LeftOut
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import ClassFolders
from medloop.workbench.listing import files_in
from medloop.workbench.taking import Workplace, take

_CLASS: TypeAdapter[str] = TypeAdapter(ClassName)


def read_folders(form: ClassFolders, where: Workplace) -> Collection:
    """Raises Unusable: a folder's name cannot be a class's."""
    said = {
        path: (class_name(name), side) for folder, name, side in form.folders for path in files_in(folder)
    }
    taken = take(said, where)
    examples = [Example(image, (said[path][0],), said[path][1]) for path, image in taken.stored.items()]
    classes = tuple(sorted({class_name(name) for name in form.classes}))
    if empty := sorted(set(classes) - {one.labels[0] for one in examples}):
        raise Unusable(
            f"no image of class {', '.join(empty)} can be read",
            _why(taken.left) + "; mend them, or move the folder",
        )
    return Collection("classification", classes, examples, taken.left + _misplaced(form))


def _misplaced(form: ClassFolders) -> list[LeftOut]:
    """Files beside the class folders: of no class."""
    folders = {form.root, *(path.parent for path, _, _ in form.folders)}
    files = sorted(path for folder in folders for path in folder.iterdir() if path.is_file())
    return [
        LeftOut(path.relative_to(form.root).as_posix(), Reason.MISPLACED.value)
        for path in files
        if not is_junk(path.name)
    ]


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


def _why(left: list[LeftOut]) -> str:
    reasons = sorted({one.reason for one in left})
    return f"files were refused for {', '.join(reasons)}" if reasons else "there is no file in it"
