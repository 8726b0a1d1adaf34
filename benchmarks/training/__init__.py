"""`make bench-train`: our training beside MONAI's own recipes, and beside what the device can do."""
