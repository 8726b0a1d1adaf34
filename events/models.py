"""A model is approved, becomes champion, and its endpoint changes."""

from typing import Literal

from pydantic import Field

from events.message import Envelope, Message, ProjectName, ServiceMessage


class ModelPackageDetail(ServiceMessage):
    group: str = Field(alias="ModelPackageGroupName")
    version: int = Field(alias="ModelPackageVersion")
    arn: str = Field(alias="ModelPackageArn")
    approval: str = Field(alias="ModelApprovalStatus")


class ModelPackageStateChanged(Envelope[ModelPackageDetail]):
    """aws.sagemaker › SageMaker Model Package State Change, on the model-approvals queue."""

    source: Literal["aws.sagemaker"]


class PromotionRequested(Message):
    """Make this model version the champion: a person's promote or rollback, or a restore."""

    kind: Literal["PromotionRequested"] = "PromotionRequested"
    project: ProjectName
    version: int = Field(ge=1)
    cause: Literal["promote", "rollback", "restore"]


class EndpointDetail(ServiceMessage):
    endpoint: str = Field(alias="EndpointName")
    config: str = Field(alias="EndpointConfigName", default="")
    status: str = Field(alias="EndpointStatus")
    failure_reason: str = Field(alias="FailureReason", default="")


class EndpointStateChanged(Envelope[EndpointDetail]):
    """aws.sagemaker › SageMaker Endpoint State Change, on the endpoint-changes queue."""

    source: Literal["aws.sagemaker"]


class ModelPromoted(Message):
    """The champion changed; its endpoint serves it."""

    kind: Literal["ModelPromoted"] = "ModelPromoted"
    project: ProjectName
    version: int = Field(ge=1)
