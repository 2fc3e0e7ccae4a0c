"""Ending ext_proc streams with the request, where the proxy buffers bodies and allows it."""

import contextlib

from bodies import chat, unique
from localpool import MODES, open_stream, wait_until
from pools import Pool

#: Answers of about a second.
SLOW = ["--decode-step-ms", "50"]


def test_slow_answers_hold_no_streams(launch):
    """With room for two ext_proc streams, six slow answers under way at once succeed, and none loses data."""
    mode = "ai-gateway-buffered"
    servers = launch.servers(arguments=SLOW)
    picker = launch.picker(servers.endpoints, tls=MODES[mode].tls, arguments=["--early-stream-release"])
    gateway = Pool(servers, picker, launch.envoy(picker, mode, max_picker_requests=2))
    with contextlib.ExitStack() as clients:
        answers = []
        for _ in range(6):
            body = chat(unique(), max_tokens=20, stream=True)
            answers.append(clients.enter_context(open_stream(gateway.envoy.address, "/v1/chat/completions", body)))
        assert sum(servers.stats(endpoint)["in_flight"] for endpoint in servers.endpoints) == 6
        assert [status for status, _, _ in answers] == [200] * 6
        for _, _, lines in answers:
            assert b"".join(lines).rstrip().endswith(b"data: [DONE]")
    assert gateway.envoy.streams_failed == 0
    wait_until(lambda: picker.metric("epp_leases") == 0, "the estimated leases have ended", timeout=15)
