"""Sign-in: people whom an administrator made, in three groups, by code and PKCE, no secret in the page."""

from collections.abc import Iterator
from typing import Any

from stack import Stack, origin

POOL: dict[str, Any] = {
    "DeletionProtection": {"Fn::If": ["IsOnAws", "ACTIVE", "INACTIVE"]},
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    # Else Admin could be made beside admin, and hold other grants.
    "UsernameConfiguration": {"CaseSensitive": False},
    "MfaConfiguration": "OPTIONAL",
    "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]},
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 12,
            "RequireLowercase": True,
            "RequireUppercase": True,
            "RequireNumbers": True,
            "RequireSymbols": True,
            "TemporaryPasswordValidityDays": 3,
        }
    },
}

REFRESH, WITHOUT_BROWSER = "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"

CLIENT: dict[str, Any] = {
    "UserPoolId": {"Ref": "UserPool"},
    "ClientName": "console",
    "GenerateSecret": False,
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "profile"],
    "SupportedIdentityProviders": ["COGNITO"],
    "CallbackURLs": [origin("/")],
    "LogoutURLs": [origin("/")],
    "ExplicitAuthFlows": {"Fn::If": ["IsOnAws", [REFRESH], [REFRESH, WITHOUT_BROWSER]]},
    "PreventUserExistenceErrors": "ENABLED",
    "EnableTokenRevocation": True,
    "IdTokenValidity": 1,
    "AccessTokenValidity": 1,
    "RefreshTokenValidity": 12,
    "TokenValidityUnits": {"IdToken": "hours", "AccessToken": "hours", "RefreshToken": "hours"},
}

GROUPS = {"admin": 1, "engineer": 2, "medical-reader": 3}
"""Who is in several groups has the role of the lowest number."""

DOMAIN = {"UserPoolId": {"Ref": "UserPool"}, "Domain": {"Fn::Sub": "medloop-${Stage}-${AWS::AccountId}"}}


def problems(stack: Stack) -> Iterator[str]:
    pools = list(stack.of_type("Cognito::UserPool").values())
    if [{k: v for k, v in pool.items() if k != "UserPoolName"} for pool in pools] != [POOL]:
        yield "others may sign in, or more easily"
    if list(stack.of_type("Cognito::UserPoolClient").values()) != [CLIENT]:
        yield "the page signs in in another way"
    if list(stack.of_type("Cognito::UserPoolDomain").values()) != [DOMAIN]:
        yield "the sign-in pages are elsewhere"
    groups = stack.of_type("Cognito::UserPoolGroup").values()
    if {group.get("GroupName"): group.get("Precedence") for group in groups} != GROUPS:
        yield "these are not the three roles"
    if any(group.get("UserPoolId") != {"Ref": "UserPool"} for group in groups):
        yield "a role is nobody's"


def test_people_sign_in_by_code_and_pkce_with_no_secret_in_the_page(stack: Stack) -> None:
    assert not list(problems(stack))
