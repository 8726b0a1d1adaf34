"""The way into a hospital's archive: DICOMweb, STOW-RS (PS3.18 chapter 10.5)."""
