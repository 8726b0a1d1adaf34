"""The console: private files behind one distribution, whose headers say what the page may run and reach."""

import re
from collections.abc import Iterator
from typing import Any

from stack import Stack, text

ORIGIN_ACCESS = {
    "Name": {"Fn::Sub": "medloop-${Stage}-console"},
    "OriginAccessControlOriginType": "s3",
    "SigningBehavior": "always",
    "SigningProtocol": "sigv4",
}

DISTRIBUTION: dict[str, Any] = {
    "Enabled": True,
    "Comment": {"Fn::Sub": "medloop-${Stage}"},
    "DefaultRootObject": "index.html",
    "HttpVersion": "http2and3",
    "IPV6Enabled": True,
    "PriceClass": "PriceClass_100",
    "Origins": [
        {
            "Id": "Bucket",
            "DomainName": {"Fn::GetAtt": ["ConsoleBucket", "RegionalDomainName"]},
            "OriginAccessControlId": {"Fn::GetAtt": ["ConsoleAccess", "Id"]},
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
    ],
    "DefaultCacheBehavior": {
        "TargetOriginId": "Bucket",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD"],
        "CachedMethods": ["GET", "HEAD"],
        "Compress": True,
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "ResponseHeadersPolicyId": {"Ref": "ConsoleHeaders"},
    },
}

SECURITY = {
    "ContentTypeOptions": {"Override": True},
    "FrameOptions": {"Override": True, "FrameOption": "DENY"},
    "ReferrerPolicy": {"Override": True, "ReferrerPolicy": "no-referrer"},
    "StrictTransportSecurity": {"Override": True, "AccessControlMaxAgeSec": 31536000},
}
CUSTOM = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

ITSELF = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${ConsoleDistribution}"
READS: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudfront.amazonaws.com"},
    "Action": "s3:GetObject",
    "Resource": {"Fn::Sub": "${ConsoleBucket.Arn}/*"},
    "Condition": {"StringEquals": {"aws:SourceArn": {"Fn::Sub": ITSELF}}},
}

API = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
SIGN_IN = "https://${UserPoolDomain}.auth.${AWS::Region}.amazoncognito.com"


def bucket(kind: str) -> str:
    """Where a signed address leads."""
    return f"https://medloop-${{Stage}}-{kind}-${{AWS::AccountId}}.s3.${{AWS::Region}}.${{AWS::URLSuffix}}"


SPEAKS_WITH = [API, SIGN_IN, *map(bucket, ("uploads", "curated", "predictions", "models"))]


POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
    "img-src": ["'self'", "blob:", "data:"],
    "connect-src": ["'self'", *SPEAKS_WITH],
}


def problems(stack: Stack) -> Iterator[str]:
    access = stack.properties("ConsoleAccess").get("OriginAccessControlConfig")
    if access != ORIGIN_ACCESS:
        yield "the distribution does not sign what it asks the bucket for"
    distributions = stack.of_type("CloudFront::Distribution").values()
    if [distribution.get("DistributionConfig") for distribution in distributions] != [DISTRIBUTION]:
        yield "the page is served in another way"
    allowed = [s for _, s in stack.statements("S3::BucketPolicy") if s.get("Effect") == "Allow"]
    if [{key: s[key] for key in s if key != "Sid"} for s in allowed] != [READS]:
        yield "others than the distribution read from a bucket by its policy"
    yield from header_problems(stack.properties("ConsoleHeaders").get("ResponseHeadersPolicyConfig", {}))


def header_problems(headers: dict[str, Any]) -> Iterator[str]:
    if text(headers.get("Name")) != "medloop-${Stage}-console":
        yield "the headers have the same name in every stage"
    security = dict(headers.get("SecurityHeadersConfig", {}))
    content = security.pop("ContentSecurityPolicy", {})
    if security != SECURITY:
        yield "a security header is missing or weaker"
    items = headers.get("CustomHeadersConfig", {}).get("Items", [])
    if {item.get("Header"): item.get("Value") for item in items if item.get("Override")} != CUSTOM:
        yield "other headers than these"
    if content.get("Override") is not True or policy(content) != POLICY:
        yield f"the page may run, or speak with, something else: {policy(content)}"


def policy(content: dict[str, Any]) -> dict[str, list[str]]:
    """Directive → sources, on AWS."""
    separator, parts = content.get("ContentSecurityPolicy", {}).get("Fn::Join", ["", []])
    plain = [text(part["Fn::If"][1]) if "Fn::If" in part else part for part in parts]
    directives = [words.split() for words in separator.join(plain).split(";")]
    return {words[0]: words[1:] for words in directives if words}


def test_the_page_runs_its_own_files_and_speaks_with_its_own_stack(stack: Stack) -> None:
    assert not list(problems(stack))


def test_nothing_inline_is_run_and_no_source_is_a_wildcard() -> None:
    sources = [source for sources in POLICY.values() for source in sources]
    assert not [source for source in sources if re.search(r"\*|unsafe|^https?:$", source)]
