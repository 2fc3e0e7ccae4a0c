"""What epp writes to its log: one line for each refused request, none for others, and few for many alike."""

import collections
import concurrent.futures
import json
import socket

import pytest
from bodies import chat, unique
from localpool import wait_until


def lines(picker):
    return [json.loads(line) for line in picker.process.log_path.read_text().splitlines()]


def of(picker, message):
    return [line for line in lines(picker) if line["msg"] == message]


def test_ordinary_requests_leave_no_line(launch):
    pool = launch.pool()
    before = len(lines(pool.picker))
    for _ in range(20):
        assert pool.ask("/v1/chat/completions", chat(unique())).status == 200
    wait_until(lambda: pool.picker.metric("llm_d_epp_request_running") == 0, "all have ended")
    assert len(lines(pool.picker)) == before


def test_a_refused_request_leaves_one_line_with_its_cause(launch):
    pool = launch.pool(count=1)
    assert pool.ask("/v1/chat/completions", b"{", headers={"x-request-id": "bad-one"}).status == 400
    [line] = wait_until(lambda: of(pool.picker, "request rejected"), "the line is there")
    assert line["level"] == "info"
    assert line["status"] == "400" and line["code"] == "BadRequest"
    assert line["request-id"] == "bad-one"
    assert line["reason"]
    assert line["ts"].endswith("Z")


def test_repeats_are_counted_rather_than_written(launch):
    pool = launch.pool(count=1, arguments=["--threads=1"])
    count = 400
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: pool.ask("/v1/chat/completions", b"{").status, range(count)))
    assert set(statuses) == {400}

    def told():
        written = len(of(pool.picker, "request rejected"))
        return written, sum(line["count"] for line in of(pool.picker, "more requests rejected"))

    wait_until(lambda: sum(told()) == count, "every refused request is accounted for")
    written, summed = told()
    assert written <= count / 4
    assert summed > 0
    wait_until(lambda: pool.picker.metric("epp_log_lines_suppressed_total", code="BadRequest") == summed, "and measured")


@pytest.mark.parametrize(
    "arguments, levels",
    [
        (["-v", "0"], {"warn"}),
        (["--v=2"], {"info", "warn"}),
        (["--v=4"], {"info", "warn", "debug"}),
        (["--zap-log-level=error"], {"warn"}),
        (["--zap-log-level=debug"], {"info", "warn", "debug"}),
        (["--zap-log-level=debug", "-v=0"], {"warn"}),
    ],
)
def test_verbosity_is_the_references(launch, arguments, levels):
    # One endpoint that does not answer makes a warning; a client that speaks no HTTP/2 makes a line for debugging.
    picker = launch.picker(["127.0.0.77:9"], tls=False, arguments=arguments)
    wait_until(lambda: of(picker, "metrics cannot be read"), "there is a warning")
    host, port = picker.address.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        connection.settimeout(5)
        while connection.recv(1_000):
            pass
    found = collections.Counter(line["level"] for line in lines(picker))
    if "debug" in levels:
        wait_until(lambda: any(line["level"] == "debug" for line in lines(picker)), "there is a line for debugging")
        return
    assert set(found) == levels


def test_lines_for_people(launch):
    picker = launch.picker(["127.0.0.77:9"], tls=False, arguments=["--zap-encoder=console"])
    text = wait_until(lambda: picker.process.log_path.read_text(), "something is written")
    line = next(line for line in text.splitlines() if "serving" in line)
    assert " INFO epp: serving " in line
    assert "endpoints=1" in line
    with pytest.raises(ValueError):
        json.loads(line)
