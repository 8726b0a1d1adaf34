"""The deployed stack, as the command line finds it."""

from botocore.exceptions import ClientError

from medloop.aws.clients import client
from medloop.settings import Settings


class NoStack(LookupError):
    """No medloop is deployed under this name."""


def read_settings(stack: str) -> Settings:
    """Raises NoStack."""
    try:
        stacks = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            raise NoStack(stack) from None
        raise
    return Settings.from_outputs(
        {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    )
