"""The matrix: every load that the card has a row for, with the budget it is held against."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class LoadRow:
    """Whole streams, request and response, by the load generator."""

    name: str
    title: str
    #: Arguments for epp-load.
    load: tuple
    #: Most microseconds of processor time a stream; None where there is no budget.
    budget: float = None
    endpoints: int = 8
    tls: bool = False
    #: Event loops of the picker.
    loops: int = 1


@dataclasses.dataclass(frozen=True)
class ContestedRow:
    """One stream at a time on a connection of its own: alone, and while another connection keeps 256 open."""

    name: str
    title: str


@dataclasses.dataclass(frozen=True)
class HeldRow:
    """Streams that wait for their response. The budget is in bytes of memory for each."""

    name: str
    title: str
    streams: int
    budget: float


@dataclasses.dataclass(frozen=True)
class EnduranceRow:
    """So many streams one after another; memory must not grow. Takes minutes, so it is measured only when named."""

    name: str
    title: str
    streams: int


@dataclasses.dataclass(frozen=True)
class EventRow(LoadRow):
    """Streams with many response events. The budget is for one event: the rest of the stream is that of `base`."""

    base: str = "json-2k"
    events: int = 100


@dataclasses.dataclass(frozen=True)
class YardstickRow:
    """The same upload to the picker and to nghttpd, in turn. The budget is the ratio of their processor times."""

    name: str
    title: str
    bytes: int
    budget: float = None
    in_flight: int = 64


@dataclasses.dataclass(frozen=True)
class IdleRow:
    """No requests: only metrics pages of 80 KB are read. The budget is in cores."""

    name: str
    title: str
    endpoints: int
    budget: float = None


@dataclasses.dataclass(frozen=True)
class GatewayRow:
    """Requests through a real Envoy to simulated servers; the picker's processor time a request."""

    name: str
    title: str
    mode: str
    bytes: int


def _load(name, title, size, budget, *, in_flight=64, connections=1, **more):
    load = (f"--bytes={size}", f"--in-flight={in_flight}", f"--connections={connections}", "--response=json")
    return LoadRow(name, title, load, budget, **more)


def _events(count):
    return EventRow(
        f"sse-{count}",
        f"one response event, of {count:,} in a stream",
        ("--bytes=2048", "--in-flight=16", "--response=sse", f"--events={count}"),
        1.5,
        events=count,
    )


ROWS = [
    _load("json-2k", "2 KB chat, JSON answer", 2_048, 10),
    _load("json-2k-single", "2 KB chat, one stream at a time", 2_048, 25, in_flight=1),
    _load("json-64k", "64 KB chat, JSON answer", 65_536, 65),
    _load("json-450k", "450 KB chat, JSON answer", 460_800, 450, in_flight=16),
    _events(100),
    _events(1_000),
    _load("json-2k-100", "2 KB chat, 100 endpoints", 2_048, None, endpoints=100),
    _load("json-2k-1000", "2 KB chat, 1,000 endpoints", 2_048, None, endpoints=1_000),
    _load("tls-2k", "2 KB chat over TLS", 2_048, None, tls=True),
    _load("tls-64k", "64 KB chat over TLS", 65_536, None, tls=True),
    _load("loops-1", "16 KB chat, 4 connections, 1 loop", 16_384, None, connections=4),
    _load("loops-2", "16 KB chat, 4 connections, 2 loops", 16_384, None, connections=4, loops=2),
    ContestedRow("contested", "2 KB chat next to a hot connection"),
    HeldRow("held", "5,000 streams waiting for their response", 5_000, 16_384),
    EnduranceRow("endurance", "10 million streams", 10_000_000),
    GatewayRow("envoy-2k", "2 KB chat through Envoy, duplex", "override-host", 2_048),
    YardstickRow("yardstick-2k", "2 KB upload", 2_048),
    YardstickRow("yardstick-2k-single", "2 KB upload, one stream at a time", 2_048, in_flight=1),
    YardstickRow("yardstick-64k", "64 KB upload", 65_536),
    YardstickRow("yardstick-450k", "450 KB upload", 460_800),
    IdleRow("idle-10", "10 endpoints every 50 ms", 10),
    IdleRow("idle-100", "100 endpoints every 50 ms", 100, 0.2),
    IdleRow("idle-1000", "1,000 endpoints every 50 ms", 1_000, 0.5),
]
