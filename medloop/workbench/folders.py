"""Class folders: an image shows what its folder is called."""

from pathlib import Path

from events.dataset import Split
from medloop.rules.junk import is_junk
from medloop.rules.reasons import Reason
from medloop.workbench.classes import class_name
from medloop.workbench.collection import Collection
from medloop.workbench.example import Example, LeftOut
from medloop.workbench.exclusions import MASK_IN_CLASS
from medloop.workbench.forms import ClassFolders
from medloop.workbench.listing import files_in
from medloop.workbench.mask_names import masks_among
from medloop.workbench.taking import Workplace, take


def read_folders(form: ClassFolders, where: Workplace) -> Collection:
    """Raises Unusable: a folder's name cannot be a class's."""
    said: dict[Path, tuple[str, Split | None]] = {}
    masks: list[LeftOut] = []
    for folder, name, side in form.folders:
        files = files_in(folder)
        among = masks_among(files, folder)
        said |= {path: (class_name(name), side) for path in files if path not in among}
        masks += [LeftOut(path.relative_to(form.root).as_posix(), MASK_IN_CLASS) for path in sorted(among)]
    taken = take(said, where)
    examples = [Example(image, (said[path][0],), said[path][1]) for path, image in taken.stored.items()]
    classes = tuple(sorted({class_name(name) for name in form.classes}))
    notes = (f"not read, as they are no side of the split: {', '.join(form.others)}",) if form.others else ()
    return Collection("classification", classes, examples, taken.left + masks + _misplaced(form), notes=notes)


def _misplaced(form: ClassFolders) -> list[LeftOut]:
    """Files beside the class folders: of no class."""
    folders = {form.root, *(path.parent for path, _, _ in form.folders)}
    files = sorted(path for folder in folders for path in folder.iterdir() if path.is_file())
    return [
        LeftOut(path.relative_to(form.root).as_posix(), Reason.MISPLACED.value)
        for path in files
        if not is_junk(path.name)
    ]
