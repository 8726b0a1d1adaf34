"""Decoders in native code, in a process of their own: whatever a file does to them, ours goes on."""
