"""Zip archives, unpacked as a stream within fixed memory: no cloud, no temporary files."""
