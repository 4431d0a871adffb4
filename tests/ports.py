"""Ports for programs that will listen in a while."""

import random
import socket
from contextlib import suppress

BELOW_EPHEMERAL = (20_000, 32_768)  # Linux's begin there


def free_port() -> int:
    """One that the kernel gives to nobody who asks for any, as our servers do and every connection: such a port might
    be taken before the program listens, or while it is started again.
    """
    while True:
        port = random.randrange(*BELOW_EPHEMERAL)
        with socket.socket() as taken, suppress(OSError):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            return port
