"""A prediction becomes files that people can use: read what it is of, write every form, note them."""

import hashlib
import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread

from events.inference import ModelOutput
from events.results import Result, ResultFile, ResultKind
from medloop.aws import objects
from medloop.catalogue.images import Image, get_image
from medloop.catalogue.jobs import get_job
from medloop.catalogue.models import get_model
from medloop.catalogue.predictions import Prediction, get_prediction
from medloop.catalogue.results import ResultRow, note_results
from medloop.catalogue.series import instances, slices_of
from medloop.imaging.arrays import decode_array
from medloop.imaging.volumes import decode_volume
from medloop.platform import catalogue, now
from medloop.results.forms import Form, Missing, forms
from medloop.results.subject import Source, Subject, completed
from medloop.rules.series import Frame
from medloop.settings import settings

AT_ONCE: Final = 16
"""Source files fetched at a time."""

VOLUME: Final = ".nii.gz"
MASKS: Final = {True: ("mask.nii.gz", "application/x-nifti"), False: ("mask.npy", "application/x-npy")}


def deliver(prediction_id: str) -> Result | None:
    """Write and note the results; None where there is no such answer. Safe to repeat."""
    prediction = catalogue().read(lambda conn: get_prediction(conn, prediction_id))
    if prediction is None or prediction.state != "done" or prediction.output_path is None:
        return None
    image = catalogue().read(lambda conn: get_image(conn, prediction.image))
    if image is None:
        return None
    stored = objects.read(settings().predictions_bucket, prediction.output_path)
    answer = ModelOutput.model_validate_json(stored)
    mask = mask_of(prediction.output_path, image, answer)
    made = forms(subject_of(prediction, image, answer, mask))
    files = [write(prediction, one.kind, one.name, one.media_type, one.content) for one in written(made)]
    if mask is not None:
        name, media_type = MASKS[image.array_path.endswith(VOLUME)]
        files.append(write(prediction, "mask", name, media_type, mask))
    warnings = (*answer.warnings, *(f"{one.kind}: {one.why}" for one in made if isinstance(one, Missing)))
    result = result_of(prediction, image, answer, files, warnings)
    text = result.model_dump_json(indent=2).encode()
    rows = [row(prediction, one) for one in files]
    rows.append(row(prediction, write(prediction, "json", "result.json", "application/json", text)))
    catalogue().run(lambda conn: note_results(conn, prediction.id, rows, json.dumps(result.warnings), now()))
    return result


def written(made: Sequence[Form | Missing]) -> list[Form]:
    return [one for one in made if isinstance(one, Form)]


def mask_of(output_path: str, image: Image, answer: ModelOutput) -> bytes | None:
    if answer.task != "segmentation":
        return None
    ending = ".mask.nii.gz" if image.array_path.endswith(VOLUME) else ".mask.npy"
    return objects.read(settings().predictions_bucket, output_path.removesuffix(".json") + ending)


def subject_of(prediction: Prediction, image: Image, answer: ModelOutput, mask: bytes | None) -> Subject:
    content = objects.read(settings().curated_bucket, image.array_path)
    affine: NDArray[np.float64] | None = None
    labels: NDArray[np.uint8] | None = None
    if image.array_path.endswith(VOLUME):
        volume = decode_volume(content)
        values, affine = volume.values, volume.affine
        labels = None if mask is None else decode_volume(mask).values.astype(np.uint8)
    else:
        values = decode_array(content)
        labels = None if mask is None else decode_array(mask).astype(np.uint8)
    assert prediction.finished_at is not None
    return Subject(
        prediction=prediction.id,
        answer=answer,
        structures=tuple(answer.volumes),
        values=values,
        affine=affine,
        facts=json.loads(image.facts),
        labels=labels,
        sources=sources_of(image),
        answered_at=prediction.finished_at,
    )


def sources_of(image: Image) -> list[Source]:
    """The DICOM files behind the image, without their pixels; none where it was no DICOM."""
    rows = [image]
    if image.series is not None and image.frames is None:
        rows = catalogue().read(lambda conn: slices_of(conn, image.series or ""))
    clean = [one for one in instances(rows) if one.frames and one.clean_path]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(source_of, clean))


def source_of(row: Image) -> Source:
    assert row.clean_path is not None
    content = objects.read(settings().curated_bucket, row.clean_path)
    frames = tuple(Frame.model_validate(frame) for frame in json.loads(row.frames or "[]"))
    return Source(completed(dcmread(io.BytesIO(content), stop_before_pixels=True)), frames)


def write(prediction: Prediction, kind: ResultKind, name: str, media_type: str, content: bytes) -> ResultFile:
    objects.write(settings().predictions_bucket, path_of(prediction, name), content, media_type)
    digest = hashlib.sha256(content).hexdigest()
    return ResultFile(kind=kind, name=name, media_type=media_type, bytes=len(content), sha256=digest)


def path_of(prediction: Prediction, name: str) -> str:
    return f"{prediction.project}/{prediction.image}/{prediction.model_version}/{name}"


def row(prediction: Prediction, file: ResultFile) -> ResultRow:
    path = path_of(prediction, file.name)
    return ResultRow(prediction.id, file.kind, path, file.media_type, file.bytes, file.sha256)


def result_of(
    prediction: Prediction,
    image: Image,
    answer: ModelOutput,
    files: Sequence[ResultFile],
    warnings: tuple[str, ...],
) -> Result:
    assert prediction.finished_at is not None
    unit = "ml" if image.array_path.endswith(VOLUME) else "pixels"
    return Result(
        prediction=prediction.id,
        project=prediction.project,
        image=prediction.image,
        model_version=prediction.model_version,
        dataset=dataset_of(prediction),
        task=answer.task,
        label=answer.label,
        confidence=answer.confidence,
        probabilities=answer.probabilities,
        volumes=answer.volumes,
        volume_unit=unit if answer.volumes else None,
        input_sha256=answer.input_sha256,
        source_sha256=image.content_sha256,
        warnings=warnings,
        answered_at=prediction.finished_at,
        files=tuple(files),
    )


def dataset_of(prediction: Prediction) -> str:
    model = catalogue().read(lambda conn: get_model(conn, prediction.project, prediction.model_version))
    job = None if model is None else catalogue().read(lambda conn: get_job(conn, model.job))
    if job is None:
        raise LookupError("the model that answered is not in the catalogue")
    return job.dataset
