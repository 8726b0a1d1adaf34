"""`medloop` as it is installed. Nothing is imported before Ctrl-C is minded: the rest takes a second."""

import sys

INTERRUPTED = 130


def main() -> None:
    try:
        import local.main  # noqa: F401  # adds its commands
        from medloop.cli.main import app

        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
