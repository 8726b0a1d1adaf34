"""Pages of the console, and of no other origin, may send into the uploads bucket and read from the others."""

from collections.abc import Iterator
from typing import Any

from stack import Stack, origin

READS = {
    "AllowedMethods": ["GET"],
    "AllowedHeaders": ["range"],
    "ExposedHeaders": ["Content-Length", "Content-Range", "ETag"],
}
WRITES = {
    "AllowedMethods": ["PUT"],
    "AllowedHeaders": ["content-type", "x-amz-*"],
    "ExposedHeaders": ["ETag", "x-amz-version-id"],
}
RULES: dict[str, dict[str, Any]] = {
    "UploadsBucket": WRITES,
    "CuratedBucket": READS,
    "ModelsBucket": READS,
    "PredictionsBucket": READS,
}


def problems(stack: Stack) -> Iterator[str]:
    for name, bucket in stack.of_type("S3::Bucket").items():
        wanted = {**RULES[name], "AllowedOrigins": [origin()], "MaxAge": 3600} if name in RULES else None
        if bucket.get("CorsConfiguration", {}).get("CorsRules") != (wanted and [wanted]):
            yield f"{name} answers other pages, or answers the console's in another way"


def test_each_bucket_answers_the_console_and_no_other_page(stack: Stack) -> None:
    assert not list(problems(stack))
