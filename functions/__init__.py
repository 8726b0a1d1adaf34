"""The doors: one file per Lambda, named for what wakes it."""
