"""An archive or a manifest is complete when everything that it announced is decided, in whatever order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.images import Image, image_counts
from medloop.catalogue.manifests import (
    PAGE,
    Progress,
    archive_progress,
    contradicted_uploads,
    expected_checksum,
    manifest_progress,
    record_archive,
    record_manifest,
)
from medloop.catalogue.series import Series, finish_series, get_series, open_series
from medloop.catalogue.uploads import (
    Upload,
    accept_upload,
    accept_without_image,
    get_upload,
    ignore_upload,
    quarantine_upload,
    register_upload,
    retract_upload,
)
from medloop.rules.manifests import ManifestFile

AT = datetime(2026, 1, 1, tzinfo=UTC)
FOLDER = "lungs/images/study/"
DELIVERY = "d" * 32


def upload(name: str, version: int = 1, at: datetime = AT) -> Upload:
    identity = f"{name.encode().hex()}{version}".rjust(32, "0")
    return Upload(identity, "b", FOLDER + name, f"v{version}", 1, "lungs", "images", at)


def delivered(catalogue: Catalogue, name: str = "all.zip") -> None:
    row = Upload(DELIVERY, "b", FOLDER + name, "v", 1, "lungs", "archive", AT)
    catalogue.run(lambda conn: register_upload(conn, row))


def accept(catalogue: Catalogue, row: Upload, sha256: str = "s") -> None:
    image = Image(row.id, "lungs", "images", None, "g", sha256, "p", row.id, "{}", AT)
    catalogue.run(lambda conn: register_upload(conn, row))
    catalogue.run(lambda conn: accept_upload(conn, row.id, image, AT))


def test_an_archive_is_complete_when_its_members_are_decided(catalogue: Catalogue) -> None:
    one, two, three = (upload(name) for name in ("1.dcm", "2.dcm", "3.dcm"))
    delivered(catalogue)
    accept(catalogue, one)  # its own event came before it was noted as a member
    record_archive(catalogue, DELIVERY, [one, two, three])
    record_archive(catalogue, DELIVERY, [one, two, three])
    assert progress(catalogue) == Progress(1, 3, False)
    catalogue.run(lambda conn: accept_without_image(conn, DELIVERY, AT))
    catalogue.run(lambda conn: quarantine_upload(conn, two.id, "truncated", {}, AT))
    assert not progress(catalogue).is_complete
    catalogue.run(lambda conn: ignore_upload(conn, three.id, "unsupported_sop_class", AT))
    assert progress(catalogue) == Progress(3, 3, True) and progress(catalogue).is_complete


def progress(catalogue: Catalogue) -> Progress:
    return catalogue.read(lambda conn: archive_progress(conn, DELIVERY))


def test_an_archive_that_was_not_unpacked_to_its_end_is_never_complete(catalogue: Catalogue) -> None:
    delivered(catalogue)
    row = upload("1.dcm")
    record_archive(catalogue, DELIVERY, [row])
    accept(catalogue, row)
    assert progress(catalogue) == Progress(1, 1, False) and not progress(catalogue).is_complete


def test_a_member_says_which_archive_it_came_from(catalogue: Catalogue) -> None:
    row = upload("1.dcm")
    record_archive(catalogue, DELIVERY, [row])
    registered = catalogue.run(lambda conn: register_upload(conn, row))
    assert registered.archive == DELIVERY and registered.state == "received"


def test_more_members_than_a_transaction_takes_are_noted(catalogue: Catalogue) -> None:
    rows = [upload(f"{number}.dcm") for number in range(2 * PAGE + 1)]
    record_archive(catalogue, DELIVERY, rows)
    assert progress(catalogue).expected == 2 * PAGE + 1


@pytest.mark.parametrize("order", list(permutations(["manifest", "1.dcm", "2.dcm"])))
def test_a_manifest_is_complete_in_any_order_of_arrival(catalogue: Catalogue, order: tuple[str, ...]) -> None:
    for step in order:
        assert not manifested(catalogue).is_complete
        if step == "manifest":
            take_manifest(catalogue, [ManifestFile("1.dcm"), ManifestFile("2.dcm")])
        else:
            accept(catalogue, upload(step))
    assert manifested(catalogue) == Progress(2, 2, True)


def take_manifest(catalogue: Catalogue, files: list[ManifestFile]) -> None:
    delivered(catalogue, "manifest.json")
    record_manifest(catalogue, DELIVERY, FOLDER, files)
    catalogue.run(lambda conn: accept_without_image(conn, DELIVERY, AT))


def manifested(catalogue: Catalogue) -> Progress:
    return catalogue.read(lambda conn: manifest_progress(conn, DELIVERY))


def test_a_newer_version_on_its_way_keeps_the_manifest_open(catalogue: Catalogue) -> None:
    take_manifest(catalogue, [ManifestFile("1.dcm")])
    accept(catalogue, upload("1.dcm"))
    catalogue.run(lambda conn: register_upload(conn, upload("1.dcm", version=2)))
    assert manifested(catalogue) == Progress(0, 1, True)
    accept(catalogue, upload("1.dcm", version=2))
    assert manifested(catalogue) == Progress(1, 1, True)


def test_a_file_of_the_same_name_in_another_folder_counts_for_nothing(catalogue: Catalogue) -> None:
    take_manifest(catalogue, [ManifestFile("1.dcm")])
    other = Upload("e" * 32, "b", "lungs/images/other/1.dcm", "v", 1, "lungs", "images", AT)
    accept(catalogue, other)
    assert manifested(catalogue) == Progress(0, 1, True)


def test_the_checksum_is_the_one_of_the_latest_manifest(catalogue: Catalogue) -> None:
    assert checksum(catalogue, "1.dcm") is None
    take_manifest(catalogue, [ManifestFile("1.dcm", "aa"), ManifestFile("2.dcm")])
    later = upload("more.manifest.json", at=AT + timedelta(hours=1))
    catalogue.run(lambda conn: register_upload(conn, later))
    record_manifest(catalogue, later.id, FOLDER, [ManifestFile("1.dcm", "bb")])
    assert checksum(catalogue, "1.dcm") == "bb"
    assert checksum(catalogue, "2.dcm") is None


def checksum(catalogue: Catalogue, name: str) -> str | None:
    return catalogue.read(lambda conn: expected_checksum(conn, FOLDER + name))


def test_a_corrected_manifest_replaces_its_earlier_version(catalogue: Catalogue) -> None:
    take_manifest(catalogue, [ManifestFile("1.dcm", "aa"), ManifestFile("2.dcm", "cc")])
    second = Upload("f" * 32, "b", FOLDER + "manifest.json", "v2", 1, "lungs", "manifest", AT)
    catalogue.run(lambda conn: register_upload(conn, second))
    record_manifest(catalogue, second.id, FOLDER, [ManifestFile("1.dcm", "bb")])
    assert (checksum(catalogue, "1.dcm"), checksum(catalogue, "2.dcm")) == ("bb", None)
    assert manifested(catalogue).expected == 0


def test_images_that_came_before_their_manifest_are_held_against_it(catalogue: Catalogue) -> None:
    good, bad = upload("1.dcm"), upload("2.dcm")
    accept(catalogue, good, "aa")
    accept(catalogue, bad, "xx")
    take_manifest(catalogue, [ManifestFile("1.dcm", "aa"), ManifestFile("2.dcm", "bb"), ManifestFile("3")])
    found = catalogue.read(lambda conn: contradicted_uploads(conn, DELIVERY))
    assert found == [catalogue.read(lambda conn: get_upload(conn, bad.id))]


def test_a_retracted_image_is_quarantined_and_no_image_any_more(catalogue: Catalogue) -> None:
    row = upload("1.dcm")
    accept(catalogue, row)
    assert catalogue.run(lambda conn: retract_upload(conn, row.id, "wrong_checksum", AT))
    assert not catalogue.run(lambda conn: retract_upload(conn, row.id, "wrong_checksum", AT))
    found = catalogue.read(lambda conn: get_upload(conn, row.id))
    assert found is not None and (found.state, found.reason) == ("quarantined", "wrong_checksum")
    assert catalogue.read(image_counts) == {}


def test_the_series_of_a_retracted_slice_is_open_again(catalogue: Catalogue) -> None:
    row = upload("1.dcm")
    image = Image(row.id, "lungs", "images", None, "g", "s", "p", "a", "{}", AT, series="e" * 32, frames="[]")
    series = Series("e" * 32, "lungs", "images", None, "g", AT)
    catalogue.run(lambda conn: (register_upload(conn, row), open_series(conn, series)))
    catalogue.run(lambda conn: accept_upload(conn, row.id, image, AT))
    assert catalogue.run(lambda conn: finish_series(conn, series, 1, [], ("series_too_short", "[]"), AT))
    catalogue.run(lambda conn: retract_upload(conn, row.id, "wrong_checksum", AT))
    found = catalogue.read(lambda conn: get_series(conn, series.id))
    assert found is not None and found.state == "open"
