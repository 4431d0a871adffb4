"""Studying many drafts in a process of its own, beside the one that reads the database and those that read pages."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def studying(many: bool) -> Iterator[Executor | None]:
    """Where ingest.desk.Desk studies: None (its own threads) for few drafts, or where there is one core."""
    if not many or (os.cpu_count() or 1) < 2:  # noqa: PLR2004 - one is no help
        yield None
        return
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Ctrl-C is for who reads the results; when that one is gone, even by kill -9, this one ends too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
