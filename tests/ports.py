"""Ports for servers that cannot choose one themselves, and ports on which nobody listens."""

import socket
from random import SystemRandom

_FIRST, _LAST = 10_000, 32_000
"""Below those that the system gives out by itself: no other test's connection or server takes one in the meantime."""


def free_port() -> int:
    """A port of this machine that is free, and stays so: by chance, as other processes of tests look for one too."""
    dice = SystemRandom()  # tests seed the usual one
    while True:
        port = dice.randrange(_FIRST, _LAST)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
