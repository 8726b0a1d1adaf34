"""Tables say what each image shows; one that cannot be used is refused with the line that is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from events.dataset import Task
from medloop.workbench.collection import Collection
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Tabled, recognise
from medloop.workbench.tables import read_tables
from tests.homely import tabled, workplace, write

Read = Callable[..., Collection]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(table: str | bytes, task: Task | None = None, count: int = 4) -> Collection:
        root = tabled(tmp_path / "data", "file,label\n", count)
        write(root / "labels" / "table.csv", table)
        form = recognise(root)
        assert isinstance(form, Tabled)
        return read_tables(form, task, workplace(root, tmp_path / "spool"))

    return read


def said(found: Collection) -> dict[str, tuple[str, ...]]:
    return {one.image.path: one.labels for one in found.examples}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_classes_come_from_the_table_however_it_was_saved(read: Read, sign: str, end: str) -> None:
    lines = ["\ufeffFile, label ", "0.png,ill", "images/1.png,ok", "2,ill", "./3.png,ok"]
    found = read(end.join(lines).replace(",", sign).encode())
    assert (found.task, found.classes, found.left) == ("classification", ("ill", "ok"), [])
    assert said(found) == {
        "images/0.png": ("ill",),
        "images/1.png": ("ok",),
        "images/2.png": ("ill",),
        "images/3.png": ("ok",),
    }


def test_a_bar_between_classes_means_several(read: Read) -> None:
    found = read("file,label\n0.png,ill | old\n1.png,old\n2.png,\n3.png,ill\n")
    assert (found.task, found.classes) == ("multilabel", ("ill", "old"))
    assert list(said(found).values()) == [("ill", "old"), ("old",), (), ("ill",)]


def test_a_line_without_a_class_is_a_question_of_the_task(read: Read) -> None:
    table = "file,label\n0.png,ill\n\n1.png,\n"
    with pytest.raises(Unusable, match=r"line 4 of labels/table\.csv names no class") as caught:
        read(table)
    assert "--task multilabel" in caught.value.remedy
    assert list(said(read(table, "multilabel")).values()) == [("ill",), ()]


def test_a_table_may_say_the_side(read: Read) -> None:
    found = read("file,label,split\n0.png,ill,Train\n1.png,ok,test\n2.png,ok,\n")
    assert [one.side for one in found.examples] == ["train", "test", None]


def test_images_without_a_line_and_lines_without_an_image_are_told(read: Read) -> None:
    found = read("file,label\n0.png,ill\n1.png,ok\n2.png,ok\ngone.png,lost\n")
    assert found.classes == ("ill", "ok")
    assert [(one.path, one.reason) for one in found.left] == [("images/3.png", "unlabelled")]
    assert found.notes == ("1 lines of the tables name no image that is there",)


def test_tables_that_contradict_each_other_teach_nothing_about_that_image(read: Read, tmp_path: Path) -> None:
    write(tmp_path / "data" / "labels" / "more.csv", "file,label\n0.png,ok\n1.png,ok\n")
    found = read("file,label\n0.png,ill\n1.png,ok\n2.png,ill\n3.png,ill\n")
    assert [(one.path, one.reason) for one in found.left] == [("images/0.png", "ambiguous_label")]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (b"", "lacks a column"),
        (b"name,class\n0.png,ill\n", "lacks a column"),
        (b"0.png,ill\n", "lacks a column"),
        (b"file,label\n", "it names no file"),
        (b"file,label\n0.png,ill\n0.png,ok\n", "line 3 says something else than line 2"),
        (b"file,label,split\n0.png,ill,dev\n", "line 2 cannot be used, for its column split"),
        (b"file,label\n,ill\n", "line 2 cannot be used, for its column file"),
        (b'file,label\n0.png,ill\n"1.png,ok\n', "line 3 of labels/table.csv names no class"),
        (b'file,label\n0.png,ill\n1.png,"ok\n', "line 3 has an open quotation mark"),
        (b"file,label\n0.png," + b"x" * 200_000 + b"\n", "a cell is too long"),
        (b"file,label\n0.png," + b"x" * 65 + b"\n", "cannot be a class"),
        (b"file,label\n0.png,a/b\n", "cannot be a class"),
        (b"file,label\n0.png,tr\xe8s\n", "not UTF-8"),
        (b"file,label,file\n0.png,ill,x\n", "column file twice"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(read: Read, table: bytes, problem: str) -> None:
    with pytest.raises(Unusable, match=problem):
        read(table)
