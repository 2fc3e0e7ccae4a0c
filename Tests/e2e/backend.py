"""A server that keeps what it is sent and answers what it is told, for what a model server must see byte by byte."""

import http.server
import threading


class Backend:
    """Listens on `address`; `received` holds (path, headers, body) of each request."""

    def __init__(self, host="127.0.0.1"):
        self.received = []
        #: Content type and pieces of the answers.
        self.content_type = "application/json"
        self.pieces = [b"{}"]
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _body(self):
                if self.headers.get("transfer-encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("content-length", 0)))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
                return body

            def do_POST(self):
                body = self._body()
                backend.received.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(200)
                self.send_header("content-type", backend.content_type)
                if len(backend.pieces) == 1:
                    self.send_header("content-length", str(len(backend.pieces[0])))
                    self.end_headers()
                    self.wfile.write(backend.pieces[0])
                    return
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for piece in backend.pieces:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

            def do_GET(self):
                # Scrapes find nothing here.
                self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self.address = f"{host}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
