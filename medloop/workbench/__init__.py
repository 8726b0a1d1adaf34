"""A folder of images on this machine, made into a training job's channels: no cloud, no catalogue."""
