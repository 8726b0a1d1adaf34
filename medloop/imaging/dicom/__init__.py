"""DICOM: from the bytes of a file to pixel values, without building what is not asked for."""
