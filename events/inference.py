"""An image is sent to the champion, and the answer comes back."""

from typing import Annotated, Literal

from pydantic import Field

from events.dataset import Task
from events.evaluation import Fraction
from events.message import Digest, ImageId, Message, ProjectName, ServiceMessage


class InferenceRequested(Message):
    """Predict this image with the project's champion."""

    kind: Literal["InferenceRequested"] = "InferenceRequested"
    project: ProjectName
    image: ImageId


class ModelOutput(Message):
    """What the serving container answers to one image (`POST /invocations`, application/json)."""

    project: ProjectName
    model_version: int = Field(ge=1)
    task: Task = "classification"
    label: str
    """The class; several as `a | b`; of a segmentation, the structures found."""
    confidence: Fraction
    """Of this label; of a segmentation, the mean probability over the voxels that it names."""
    probabilities: dict[str, Fraction] = {}
    """Of every class, calibrated; of a classification they sum to 1. Empty for a segmentation."""
    volumes: dict[str, Annotated[float, Field(ge=0.0)]] = {}
    """Of every structure: millilitres in a volume, pixels in a picture. Empty for other tasks."""
    warnings: tuple[str, ...] = ()
    """What is unlike anything the model was trained on, such as the spacing."""
    mask: str = ""
    """Of a segmentation: base64 of an .npy or .nii.gz in the image's own space; 0 for background, then the
    structures in the order of `volumes`."""
    input_sha256: Digest
    seconds: Annotated[float, Field(ge=0.0)]
    """Time inside the container: decode, preprocess, forward."""


class RequestParameters(ServiceMessage):
    endpoint: str = Field(alias="endpointName", default="")
    input_location: str = Field(alias="inputLocation", default="")


class ResponseParameters(ServiceMessage):
    output_location: str = Field(alias="outputLocation", default="")


class InferenceOutcome(ServiceMessage):
    """SageMaker's success or failure notice, as SNS delivers it raw to inference-outcomes."""

    status: Literal["Completed", "Failed"] = Field(alias="invocationStatus")
    inference_id: str = Field(alias="inferenceId")
    """The prediction's id: medloop sets it when it invokes."""
    request: RequestParameters = Field(alias="requestParameters", default=RequestParameters())
    response: ResponseParameters = Field(alias="responseParameters", default=ResponseParameters())
    failure_reason: str = Field(alias="failureReason", default="")


class PredictionMade(Message):
    """An answer is in the predictions bucket and the catalogue."""

    kind: Literal["PredictionMade"] = "PredictionMade"
    project: ProjectName
    image: ImageId
    prediction: str
    model_version: int = Field(ge=1)
