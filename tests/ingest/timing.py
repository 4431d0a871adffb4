"""How much of a core something takes: steadier than a clock where others work too."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def cpu_seconds() -> Iterator[Callable[[], float]]:
    begun = time.process_time()
    yield lambda: time.process_time() - begun
