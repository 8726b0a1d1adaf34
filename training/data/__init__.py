"""From the channels of a job to tensors: verified, preprocessed once, kept where there is room."""
