"""The vocabulary: what the parts of medloop say to each other, and nothing else."""
