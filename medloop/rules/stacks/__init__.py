"""Which frames make a volume, in which order, and what stands against it: decisions on numbers alone."""
