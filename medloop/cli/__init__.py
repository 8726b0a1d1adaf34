"""The command line: the same commands against AWS and against the laptop."""
