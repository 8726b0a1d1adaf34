"""What the catalogue raises; texts carry codes and names of ours, never a stored value.

CatalogueError
├── UnknownProject    the project has no row
├── Unavailable       no connection, also after reconnecting
└── Contended         too many conflicts in a row; the message may simply be retried
"""

import psycopg

SYNTAX_CLASS = "42"


class CatalogueError(Exception):
    """The catalogue could not do what was asked."""


class UnknownProject(CatalogueError):
    """The project has no row."""


class Unavailable(CatalogueError):
    """The database cannot be reached."""


class Contended(CatalogueError):
    """The transaction lost against others every time it was tried."""


def without_values(error: psycopg.Error) -> CatalogueError:
    """PostgreSQL quotes the offending row in its messages, and a row may hold a key: keep names only.

    SQLSTATE class 42 (unknown column, syntax) quotes our own SQL and nothing else, so it stays whole.
    """
    state = error.sqlstate or "no code"
    if state.startswith(SYNTAX_CLASS):
        return CatalogueError(f"{type(error).__name__} ({state}): {error.diag.message_primary}")
    place = (error.diag.table_name, error.diag.constraint_name, error.diag.column_name)
    named = ", ".join(name for name in place if name)
    return CatalogueError(f"{type(error).__name__} ({state})" + (f" at {named}" if named else ""))
