"""SageMaker on the laptop: training jobs and endpoints run as processes under the container contract.

doors → operations → one file per kind of resource; trainer and hosting do what runs on its own.
All state lies in $MEDLOOP_SAGEMAKER_DIR: an end of the server, orderly or not, is an interruption only.
"""
