"""The stack under test, expanded once."""

import pytest
from stack import Stack, expanded


@pytest.fixture(scope="session")
def stack() -> Stack:
    return Stack(expanded())
