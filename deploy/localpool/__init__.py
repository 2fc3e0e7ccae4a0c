"""A local inference pool: simulated model servers, epp and Envoy as processes on loopback addresses.

The quickstart and the end-to-end tests start their processes through this package. Every process has its own log
file, is stopped on every way out, and dies with its parent.
"""

from .deadline import DeadlineExceeded, wait_until
from .envoy import MODES, Envoy, Mode
from .http import Response, open_stream, request
from .picker import Picker
from .ports import free_port
from .process import Process, ProcessDied
from .simulator import ModelServers

__all__ = [
    "MODES",
    "DeadlineExceeded",
    "Envoy",
    "Mode",
    "ModelServers",
    "Picker",
    "Process",
    "ProcessDied",
    "Response",
    "free_port",
    "open_stream",
    "request",
    "wait_until",
]
