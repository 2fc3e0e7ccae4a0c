"""A model server that tells its metrics and models, and serves nothing."""

import http.server
import json
import ssl
import subprocess
import threading


class ModelServer:
    """Listens on `address`; with a certificate directory over TLS, with a certificate of its own.

    With `client_authority`, a file in PEM, clients must have a certificate from there.
    """

    def __init__(
        self,
        *,
        models=(),
        waiting=0,
        path="/metrics",
        certificate_directory=None,
        client_authority=None,
        certified_address="127.0.0.1",
    ):
        self.models = list(models)
        self.waiting = waiting
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                pages = {path: server._metrics, "/v1/models": server._models}
                page = pages.get(self.path, bytes)()
                self.send_response(200 if page else 404)
                self.send_header("content-length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # Handshakes that fail are what some tests are about.
        self._server.handle_error = lambda *_: None
        if certificate_directory:
            self.certificate = certificate_directory / "certificate.pem"
            key = certificate_directory / "key.pem"
            command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=model-server"
            command += f" -addext subjectAltName=IP:{certified_address} -keyout {key} -out {self.certificate}"
            subprocess.run(command.split(), check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, key)
            if client_authority:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(client_authority)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _metrics(self):
        return (
            f"# TYPE vllm:num_requests_waiting gauge\nvllm:num_requests_waiting {self.waiting}\n"
            "# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 0\n"
            "# TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc 0\n"
        ).encode()

    def _models(self):
        return json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}).encode()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
