"""Makes the corpus' files: deterministic, small, of nobody."""
