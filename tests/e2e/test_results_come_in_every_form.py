"""Predictions are given back as files, through the deployed stack, once each."""

import io
import json
from pathlib import Path

import highdicom
import pytest
from pydicom import dcmread
from typer.testing import CliRunner, Result

from events.inference import PredictionMade
from events.results import Result as Answer
from medloop.aws import objects, queues
from medloop.aws.clients import client
from medloop.catalogue.images import get_image
from medloop.catalogue.predictions import Prediction, predictions_of
from medloop.catalogue.results import ResultRow, results_of
from medloop.catalogue.series import Series, list_series, volumes_of
from medloop.cli.main import app
from medloop.platform import catalogue
from tests.e2e.loop import Loop, until
from tests.results import radiograph as a_radiograph
from tests.results import series

pytestmark = pytest.mark.cloud


def given_back(prediction: Prediction) -> dict[str, ResultRow]:
    def rows() -> dict[str, ResultRow]:
        found = catalogue().read(lambda conn: results_of(conn, prediction.id))
        return {row.kind: row for row in found}

    until("the results", lambda: "json" in rows(), 120)
    return rows()


def content_of(loop: Loop, row: ResultRow) -> bytes:
    return objects.read(loop.settings.predictions_bucket, row.path)


def medloop(*words: str) -> Result:
    return CliRunner().invoke(app, ["--stage", "laptop", *words])


@pytest.fixture(scope="module")
def radiograph(shapes: Loop) -> Prediction:
    """Of a classification, a DICOM picture."""
    return shapes.predict(a_radiograph()[0], "picture.dcm")


def test_a_classified_dicom_picture_is_reported_and_drawn(shapes: Loop, radiograph: Prediction) -> None:
    found = given_back(radiograph)
    assert found.keys() == {"json", "overlay", "dicom-sr", "dicom-sc"}
    told = Answer.model_validate_json(content_of(shapes, found["json"]))
    assert (told.prediction, told.label) == (radiograph.id, radiograph.label)
    assert sum(told.probabilities.values()) == pytest.approx(1, abs=1e-4)
    report = dcmread(io.BytesIO(content_of(shapes, found["dicom-sr"])))
    assert report.PatientID != "FICTION-1" and "FICTION" not in str(report)


def test_a_repeated_message_writes_the_same(shapes: Loop, radiograph: Prediction) -> None:
    before = given_back(radiograph)
    (first,) = catalogue().read(lambda conn: predictions_of(conn, [radiograph.image]))
    fact = PredictionMade(
        project=shapes.project,
        image=radiograph.image,
        prediction=radiograph.id,
        model_version=radiograph.model_version,
    )
    queues.send(shapes.settings.predictions_made_queue_url, fact)

    def again() -> bool:
        (row,) = catalogue().read(lambda conn: predictions_of(conn, [radiograph.image]))
        return row.written_at != first.written_at

    until("the second writing", again, 120)
    assert given_back(radiograph) == before


def test_the_files_are_fetched_and_a_changed_one_is_noticed(
    shapes: Loop, radiograph: Prediction, tmp_path: Path
) -> None:
    found = given_back(radiograph)
    listed = medloop("results", "list", shapes.project)
    assert radiograph.id[:12] in listed.output
    got = medloop("results", "get", radiograph.id[:12], "--out", str(tmp_path))
    assert got.exit_code == 0, got.output
    assert {file.name for file in (tmp_path / radiograph.id).iterdir()} == {
        "result.json",
        "overlay.png",
        "report.dcm",
        "capture.dcm",
    }
    path = found["overlay"].path
    client("s3").put_object(Bucket=shapes.settings.predictions_bucket, Key=path, Body=b"something else")
    refused = medloop("results", "get", radiograph.id[:12], "--out", str(tmp_path))
    assert refused.exit_code == 1 and "not what was written" in refused.output + refused.stderr


def the_series(loop: Loop) -> Series:
    (found,) = catalogue().read(lambda conn: list_series(conn, loop.project))
    return found


def test_a_segmented_series_has_a_segmentation_on_its_own_slices(lumps: Loop) -> None:
    ids = [lumps.put(f"predict/series/{number}.dcm", one) for number, one in enumerate(series())]
    assert {row.state for row in lumps.wait_for_verdicts(ids)} == {"accepted"}
    # Where it seems quiet for a moment, a first version lacks slices and is refused; they open it again.
    until("the volume", lambda: the_series(lumps).state == "assembled", 180)
    made = the_series(lumps).id
    (volume,) = catalogue().read(lambda conn: volumes_of(conn, made))
    # Half of them look like the other half, mirrored as the ellipsoid is.
    assert json.loads(volume.facts)["slices"] == len(ids)
    answer = lumps.answer(volume.id)
    found = given_back(answer)
    told = Answer.model_validate_json(content_of(lumps, found["json"]))
    assert {"json", "overlay", "mask", "dicom-sr", "dicom-sc"} <= found.keys(), told.warnings
    known = {
        image.sop
        for one in ids
        if (image := catalogue().read(lambda conn, one=one: get_image(conn, one))) is not None
    }
    if told.label != "none":
        segments = highdicom.seg.segread(io.BytesIO(content_of(lumps, found["dicom-seg"])))
        used = {uid for _, _, uid in segments.get_source_image_uids()}
        assert used and used <= known
