"""What the intake would do with files that lie on this machine: no cloud, no catalogue, nothing written."""
