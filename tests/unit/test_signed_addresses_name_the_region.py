"""An address for a browser leads to the bucket's own region; a laptop's leads to its one port."""

import boto3
import pytest

from medloop.aws.presigned import signing


def signed(region: str, endpoint: str | None) -> str:
    client = boto3.Session().client(
        "s3",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=signing(endpoint),
    )
    return str(client.generate_presigned_url("get_object", Params={"Bucket": "images", "Key": "1.png"}))


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-southeast-1"])
def test_on_aws_it_is_the_regions_own(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests that ran before may have pointed this process at a laptop's cloud.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert signed(region, None).startswith(f"https://images.s3.{region}.amazonaws.com/1.png?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in signed(region, None)


def test_on_a_laptop_it_is_the_clouds_one_port() -> None:
    found = signed("us-east-1", "http://127.0.0.1:4566")
    assert found.startswith("http://127.0.0.1:4566/images/1.png?")
