"""`python -m training train|serve`: the two commands SageMaker gives the one image."""

import sys
from importlib import import_module

COMMANDS = ("train", "serve")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python -m training {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    # Imported by name, so that serving never loads what only training needs.
    code: int = import_module(f"training.{arguments[0]}").main()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
