"""What the numbers in docs/evidence come from. Each module is one command of the Makefile."""
