"""NIfTI-1 and -2, single files, plain or gzipped."""
