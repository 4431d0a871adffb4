"""numpy computes in one thread here: what its threads take together, and hold, grows with the cores of the machine."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
