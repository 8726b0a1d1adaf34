"""Where the catalogue is: the catalogue secret, read and dialled."""

from importlib.resources import files
from typing import Annotated, Any, Literal, cast

import psycopg
from psycopg.rows import TupleRow, tuple_row
from pydantic import BaseModel, ConfigDict, Field, model_validator

Connection = psycopg.Connection[TupleRow]
Dialect = Literal["postgresql", "dsql"]
SchemaName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]

OPTIONS: dict[str, Any] = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10}


class CatalogueSecret(BaseModel):
    """The JSON text of the secret. Errors hide what was read: a URL may hold a password."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str | None = None
    """Any PostgreSQL, `postgresql://…`."""
    dsql_endpoint: str | None = None
    """An Aurora DSQL cluster's host name; signed in with this process's AWS credentials."""
    region: str | None = None
    """Of the DSQL cluster; taken from its host name when absent."""
    user: str = "admin"
    """Of the DSQL cluster. Any other than `admin` needs dsql:DbConnect and a schema of its own."""
    db_schema: SchemaName | None = Field(default=None, alias="schema")
    """Where the tables lie; the server's own default when absent."""

    @model_validator(mode="after")
    def names_one_place(self) -> "CatalogueSecret":
        if (self.url is None) == (self.dsql_endpoint is None):
            raise ValueError("give either url or dsql_endpoint")
        return self

    @property
    def dialect(self) -> Dialect:
        return "postgresql" if self.dsql_endpoint is None else "dsql"


def dial(secret: CatalogueSecret) -> Connection:
    """A new connection in autocommit, so that every transaction is one we opened.

    Prepared statements stay off: poolers and DSQL's schema changes invalidate them.

    Raises:
        psycopg.OperationalError: nobody answers, or the sign-in is refused.
    """
    connection: Connection
    if secret.url is not None:
        # REPEATABLE READ is what DSQL always gives: the laptop must show the same conflicts.
        connection = psycopg.connect(
            secret.url, autocommit=True, prepare_threshold=None, row_factory=tuple_row, **OPTIONS
        )
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return connection
    return psycopg.connect(
        autocommit=True, prepare_threshold=None, row_factory=tuple_row, **dsql_parameters(secret)
    )


def dsql_parameters(secret: CatalogueSecret) -> dict[str, Any]:
    """libpq parameters with a fresh IAM token as password; signing needs no network."""
    # `aurora_dsql_psycopg` would pull in psycopg_pool, which a function has no use for: this is the part
    # of the same wheel that it calls. Imported here because boto3 costs 0.3 s at a cold start.
    from dsql_core.connection_utils import ConnectionUtilities  # type: ignore[import-untyped]

    asked = {"host": secret.dsql_endpoint, "user": secret.user}
    if secret.region is not None:
        asked["region"] = secret.region
    found = ConnectionUtilities.parse_properties_and_set_token(None, asked, driver_name="psycopg")
    # psycopg's own OpenSSL knows no system certificates: check against the bundle boto uses.
    trust = {"sslmode": "verify-full", "sslrootcert": str(files("botocore") / "cacert.pem")}
    return {**OPTIONS, **trust, **cast(dict[str, Any], found)}
