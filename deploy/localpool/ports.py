"""Free TCP ports on loopback addresses."""

import random
import socket

# Below the kernel's ephemeral range, so that an outgoing connection of another process can't take a port between the
# check here and the bind of the process it is meant for.
_FIRST, _LAST = 18000, 32000
_given = set()


def is_free(port, addresses=("127.0.0.1",)):
    """Whether `port` can be bound on every address and on the wildcard address."""
    for address in (*addresses, "0.0.0.0"):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def free_port(addresses=("127.0.0.1",), preferred=None):
    """A port free on all `addresses`: `preferred` if possible, else a random one. Never the same port twice."""
    if preferred is not None and preferred not in _given and is_free(preferred, addresses):
        _given.add(preferred)
        return preferred
    for _ in range(1000):
        port = random.randint(_FIRST, _LAST)
        if port not in _given and is_free(port, addresses):
            _given.add(port)
            return port
    raise OSError(f"no free port between {_FIRST} and {_LAST}")


def release(port):
    """Lets `port` be given out again: the process that had it is gone."""
    _given.discard(port)
