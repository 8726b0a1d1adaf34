"""The containers: what runs inside SageMaker to train and to serve, and the only torch and monai."""
