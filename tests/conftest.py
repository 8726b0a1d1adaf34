"""Settings of every test, before anything is imported that reads them."""

import os

# Small nets train fastest on one thread, and only equal numbers of threads give equal weights, bit for bit.
os.environ["OMP_NUM_THREADS"] = "1"
