"""Labels are versions: none is overwritten, and none counts before the upload that says it is accepted."""

from datetime import UTC, datetime, timedelta

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.images import Image, add_image, count_labels_since
from medloop.catalogue.labels import label_history, labels_of, record_labels
from medloop.catalogue.secret import Connection
from medloop.catalogue.uploads import Upload, accept_without_image, quarantine_upload, register_upload
from medloop.rules.labels import Label, class_labels, mask_label, parse_labels

AT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHA = "a" * 64


def rows(upload: str, csv: str, at: datetime) -> list[Label]:
    return class_labels(parse_labels(csv.encode(), ("ok", "ill")), "lungs", upload, (at, ""), at)


def arrive(conn: Connection, upload: str, csv: str, at: datetime, accepted: bool = True) -> None:
    register_upload(conn, Upload(upload, "b", f"lungs/labels/{upload}.csv", "v", 1, "lungs", "labels", at))
    record_labels(conn, rows(upload, csv, at))
    if accepted:
        accept_without_image(conn, upload, at)


def test_a_later_label_stands_beside_the_earlier_one(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: arrive(conn, "a", "file,label\n1.png,ok\n", AT))
    catalogue.run(lambda conn: arrive(conn, "b", "file,label\n1.png,ill\n", AT + HOUR))
    told = catalogue.read(lambda conn: label_history(conn, "lungs", "1.png"))
    assert [(one.source, one.value, one.line) for one in told] == [("b", "ill", 2), ("a", "ok", 2)]
    assert {one.id for one in catalogue.read(lambda conn: labels_of(conn, "lungs"))} == {o.id for o in told}


def test_recording_again_changes_nothing(catalogue: Catalogue) -> None:
    for _ in range(2):
        catalogue.run(lambda conn: arrive(conn, "a", "file,label\n1.png,ok\n2.png,ill,\n", AT))
    found = catalogue.read(lambda conn: labels_of(conn, "lungs"))
    assert sorted((one.target, one.value) for one in found) == [("1.png", "ok"), ("2.png", "ill")]


def test_a_table_counts_when_all_of_it_is_there(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: arrive(conn, "a", "file,label\n1.png,ok\n", AT, accepted=False))
    assert catalogue.read(lambda conn: labels_of(conn, "lungs")) == []
    assert catalogue.read(lambda conn: count_labels_since(conn, "lungs", AT - HOUR)) == 0
    catalogue.run(lambda conn: accept_without_image(conn, "a", AT))
    assert len(catalogue.read(lambda conn: labels_of(conn, "lungs"))) == 1
    assert catalogue.read(lambda conn: count_labels_since(conn, "lungs", AT - HOUR)) == 1


def test_labels_of_a_refused_upload_never_count(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: arrive(conn, "a", "file,label\n1.png,ok\n", AT, accepted=False))
    catalogue.run(lambda conn: quarantine_upload(conn, "a", "invalid_labels", {}, AT))
    assert catalogue.read(lambda conn: labels_of(conn, "lungs")) == []


def test_a_mask_comes_back_as_it_was_recorded(catalogue: Catalogue) -> None:
    mask = mask_label("s1/1.nii.gz", "lungs", "m", (AT, "05"), AT, ("images/lungs/m.nii.gz", SHA), "{}")

    def fill(conn: Connection) -> None:
        register_upload(conn, Upload("m", "b", "lungs/labels/s1/1.nii.gz", "v", 1, "lungs", "labels", AT))
        record_labels(conn, [mask])
        accept_without_image(conn, "m", AT)

    catalogue.run(fill)
    assert catalogue.read(lambda conn: labels_of(conn, "lungs")) == [mask]


def test_an_image_that_came_after_its_label_counts_as_a_new_label(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: arrive(conn, "a", "file,label\ns/1.png,ok\n", AT))
    late = Image("i", "lungs", "images", None, "g", "c", "p", "s", "{}", AT + HOUR, source_path="s/1.png")
    catalogue.run(lambda conn: add_image(conn, late))
    assert catalogue.read(lambda conn: count_labels_since(conn, "lungs", AT)) == 1
    assert catalogue.read(lambda conn: count_labels_since(conn, "lungs", AT + HOUR)) == 0
