"""A stand-in for the sidecars that predict latencies and are trained with those measured."""

import http.server
import json
import threading
import time


class Predictor(http.server.ThreadingHTTPServer):
    """Predicts `latencies`, pairs of milliseconds to the first and for each further token, in the order of the
    endpoints, after `delay` seconds."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, latencies=((50, 10),)):
        self.latencies = latencies
        self.delay = 0.0
        #: Documents received, by path.
        self.received = {"/predict/bulk/strict": [], "/add_training_data_bulk": []}
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                document = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.received[self.path].append(document)
                if self.path == "/add_training_data_bulk":
                    return self.answer(202, {"message": "Accepted."})
                time.sleep(server.delay)
                count = len(document["requests"])
                latencies = [server.latencies[index % len(server.latencies)] for index in range(count)]
                self.answer(200, {"predictions": [{"ttft_ms": ttft, "tpot_ms": tpot} for ttft, tpot in latencies]})

            def answer(self, status, document):
                body = json.dumps(document).encode()
                try:
                    self.send_response(status)
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

    @property
    def predictions(self):
        return self.received["/predict/bulk/strict"]

    @property
    def samples(self):
        return [entry for document in self.received["/add_training_data_bulk"] for entry in document["entries"]]

    def stop(self):
        self.shutdown()
        self.server_close()
