"""DICOM PS3.15 Annex E, and the like for NIfTI, PNG, JPEG and TIFF: identifiers out, pixels untouched."""
