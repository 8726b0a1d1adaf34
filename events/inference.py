"""An image is sent to the champion, and the answer comes back."""

from typing import Annotated, Literal

from pydantic import Field

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
    label: str
    confidence: Fraction
    probabilities: dict[str, Fraction]
    """Of every class; they sum to 1."""
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
