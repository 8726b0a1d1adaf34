"""One series by dicom2nifti, a file or a folder, for benchmarks.volumes: it reads folders only."""

import shutil
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    from dicom2nifti import dicom_series_to_nifti  # type: ignore[import-not-found]

    source, target = Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        if source.is_file():
            shutil.copy(source, folder)
        dicom_series_to_nifti(str(source) if source.is_dir() else folder, target, reorient_nifti=False)
