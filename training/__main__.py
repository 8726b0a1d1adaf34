"""`python -m training train|serve`: the two commands SageMaker gives the one image; people may `export`."""

import sys
from importlib import import_module

COMMANDS = ("train", "serve")
WITH_ARGUMENTS = ("export",)


def main(arguments: list[str]) -> int:
    if arguments and arguments[0] in WITH_ARGUMENTS:
        told: int = import_module(f"training.{arguments[0]}").main(arguments[1:])
        return told
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python -m training {'|'.join((*COMMANDS, *WITH_ARGUMENTS))}", file=sys.stderr)
        return 2
    # Imported by name, so that serving never loads what only training needs.
    code: int = import_module(f"training.{arguments[0]}").main()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
