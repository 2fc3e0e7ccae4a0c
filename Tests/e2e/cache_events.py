"""What model servers say of their KV caches: a publisher on pyzmq, and a stand-in for the renderer that makes tokens."""

import http.server
import json
import struct
import threading

import msgpack
import zmq
from localpool import wait_until

from bodies import MODEL


class Publisher:
    """One model server's socket of events. It listens, or connects to the picker when `connects` is set.

    What it has sent it repeats at `replay`, as vLLM does; newer versions say the topic too.
    """

    def __init__(self, address, pod="pod", *, model=MODEL, connects=False, first=0, replay=None, names_topic=True):
        self.topic = f"kv@{pod}@{model}".encode()
        self.number = first
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        (self.socket.connect if connects else self.socket.bind)(f"tcp://{address}")
        self.subscriptions = set()
        self.names_topic = names_topic
        #: Numbers and payloads that can be repeated.
        self.history = []
        #: Numbers that were asked for.
        self.asked = []
        self.closing = threading.Event()
        self.repeater = threading.Thread(target=self._repeat, args=(f"tcp://{replay}",), daemon=True)
        if replay:
            self.repeater.start()

    def _repeat(self, address):
        # A socket belongs to one thread, so it is closed here as well.
        with self.context.socket(zmq.ROUTER) as router:
            router.setsockopt(zmq.LINGER, 0)
            router.bind(address)
            while not self.closing.is_set():
                if not router.poll(20):
                    continue
                client, _, start = router.recv_multipart()
                self.asked.append(int.from_bytes(start, "big"))
                name = [self.topic] if self.names_topic else []
                for number, payload in list(self.history):
                    if number >= self.asked[-1]:
                        router.send_multipart([client, b"", *name, struct.pack(">Q", number), payload])
                router.send_multipart([client, b"", *name, b"\xff" * 8, b""])

    def wait_subscribed(self):
        """Messages sent before a picker has subscribed are lost."""

        def is_subscribed():
            while self.socket.poll(0):
                message = self.socket.recv()
                (self.subscriptions.add if message[0] else self.subscriptions.discard)(message[1:])
            return b"kv@" in self.subscriptions

        wait_until(is_subscribed, "the picker has subscribed", interval=0.02)
        return self

    def send(self, *events, skip=0, rank=None, arrives=True):
        """Publishes a batch of events, after `skip` that get lost; or one that gets lost itself."""
        self.number += skip
        batch = msgpack.packb([1.0, list(events)] + ([] if rank is None else [rank]))
        if arrives:
            self.send_frames(self.topic, struct.pack(">Q", self.number), batch)
        self.history.append((self.number, batch))
        self.number += 1

    def send_frames(self, *frames):
        self.socket.send_multipart(frames)

    def close(self):
        self.closing.set()
        if self.repeater.is_alive():
            self.repeater.join()
        self.context.destroy(linger=0)


def stored(hashes, tokens, *, parent=None, size=4, medium="GPU", adapter=None):
    """The event of blocks put into a cache, as vLLM encodes it."""
    return ["BlockStored", list(hashes), parent, list(tokens), size, None, medium, adapter]


def removed(hashes, *, medium="GPU"):
    return ["BlockRemoved", list(hashes), medium]


CLEARED = ["AllBlocksCleared"]


class Renderer(http.server.ThreadingHTTPServer):
    """Makes tokens of prompts as vLLM's render endpoints do: `tokens`, whatever the prompt, after `delay` seconds."""

    daemon_threads = True

    def __init__(self, tokens):
        self.tokens = tokens
        self.features = None
        self.status = 200
        self.delay = threading.Event()
        self.delay.set()
        #: Documents received, with their paths.
        self.received = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                document = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.received.append((self.path, document))
                server.delay.wait(10)
                answer = {"request_id": "r", "token_ids": server.tokens, "features": server.features}
                body = json.dumps(answer if "chat" in self.path else [answer]).encode()
                try:
                    self.send_response(server.status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A picker that went away is none of the test's business."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self):
        self.shutdown()
        self.server_close()
