"""From any uploaded bytes to one picture, or to the reason why not; import the modules themselves."""
