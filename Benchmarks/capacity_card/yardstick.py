"""nghttpd and h2load: a plain HTTP/2 server that is given the same upload and answers with as many bytes."""

import re
import subprocess

from localpool import Process, free_port, wait_until

from . import upload, usage


class Yardstick:
    """An nghttpd that serves a file of `size` bytes where a picker has its method; a context manager."""

    def __init__(self, directory, size):
        file = directory / "htdocs" / upload.PATH.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(size))
        self.port = free_port()
        command = ["nghttpd", "-n1", "--no-tls", "-d", directory / "htdocs", str(self.port)]
        self.process = Process("nghttpd", command, directory)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        wait_until(lambda: drive(self.address, b"", 1) >= 0, "nghttpd answers", processes=[self.process])
        return self

    def __exit__(self, *_):
        self.process.stop()


def drive(address, payload, streams, directory=None, in_flight=64):
    """Sends `payload` on so many streams, `in_flight` at a time; returns the answers' bytes a stream.

    Raises when a stream failed.
    """
    arguments = ["-n", streams, "-c", 1, "-m", min(in_flight, streams), "-H", "content-type: application/grpc"]
    arguments += ["-H", "te: trailers", "-w", 24, "-W", 26]
    if directory is not None:
        file = directory / "upload.bin"
        file.write_bytes(payload)
        arguments += ["-d", file]
    command = ["h2load", *map(str, arguments), f"http://{address}{upload.PATH}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    counts = re.search(r"(\d+) done, (\d+) succeeded", done.stdout)
    data = re.search(r"\((\d+)\) data", done.stdout)
    if not counts or not data or int(counts[2]) != streams:
        raise OSError(f"{' '.join(command)}: {done.stdout[-400:]}{done.stderr[-400:]}")
    return int(data[1]) // streams


def microseconds(server, payload, streams, directory, in_flight):
    """Processor time of `server` for each stream."""
    before = usage.processor_seconds(server.pid)
    drive(server.address, payload, streams, directory, in_flight)
    return (usage.processor_seconds(server.pid) - before) / streams * 1e6
