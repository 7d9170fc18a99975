#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`snarl serve` to a client that is no browser, and to some that mean no good."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import unittest
import urllib.request

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests/formats"))
import perfetto_test  # pylint: disable=wrong-import-position

SNARL = os.environ["SNARL"]
TRACE = TREE / "tests/page/nested.std"


def serve(*options):
    server = subprocess.Popen([SNARL, "serve", *options, TRACE], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    address = server.stdout.readline().decode()
    return server, address


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server, cls.address = serve()
        cls.port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\n", cls.address)[1])
        cls.address = cls.address.strip()

    @classmethod
    def tearDownClass(cls):
        cls.server.send_signal(signal.SIGINT)
        out, err = cls.server.communicate(timeout=20)
        assert (cls.server.returncode, out, err) == (0, b"", b""), (cls.server.returncode, err)

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:
            return answer.read().decode()

    def raw(self, request, pieces=1):
        """What comes back for these bytes, the head's first line apart."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            size = -(-len(request) // pieces)
            try:
                for at in range(0, len(request), size):
                    connection.sendall(request[at:at + size])
            except (BrokenPipeError, ConnectionResetError):
                pass
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except ConnectionResetError:
                pass
        return answer.partition(b"\r\n")[0].decode(), answer

    def status(self, *lines, host="localhost", **more):
        head = "\r\n".join(lines) + "\r\nHost: %s:%d\r\n\r\n" % (host, self.port)
        return int(self.raw(head.encode(), **more)[0].split()[1])

    def test_page(self):
        page = self.get("")
        data, = re.findall('<script type="application/json" id="data">(.*?)</script>', page)
        document = json.loads(data)
        self.assertIsNone(document["activities"][0]["spans"])
        self.assertIn("connect-src 'self'", page)

    def test_spans(self):
        spans = lambda query: json.loads(self.get("spans?" + query))["count"]
        everything = spans("activity=0&pixels=100000")
        self.assertEqual(everything, 8)
        self.assertLess(spans("activity=0&pixels=1"), everything)
        self.assertLess(spans("from=0&until=2&pixels=1000"), everything)
        for wrong in ("activity=1", "from=2&until=1", "pixels=0", "pixels=9999999"):
            self.assertIn(self.status("GET /spans?%s HTTP/1.1" % wrong), (400, 404))

    def test_perfetto(self):
        self.assertEqual(perfetto_test.faults(json.loads(self.get("trace.json"))), [])

    def test_names_of_this_machine_alone(self):
        for host in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
            self.assertEqual(self.status("GET / HTTP/1.1", host=host), 200)
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""):
            self.assertEqual(self.status("GET / HTTP/1.1", host=host), 421)
        for host in ("localhost", "localhost:1", "evil.example:%d" % self.port):
            line, answer = self.raw(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode())
            self.assertIn("421", line)
            self.assertNotIn(b"snarl", answer)
        self.assertIn("400", self.raw(b"GET / HTTP/1.1\r\n\r\n")[0])
        self.assertEqual(self.status("GET / HTTP/1.1", "Host: localhost:%d" % self.port), 400)

    def test_what_is_refused(self):
        for path in ("/x", "/../etc/passwd", "/%2e%2e/etc/passwd", "//", "/spans/", "/index.html"):
            self.assertEqual(self.status("GET %s HTTP/1.1" % path), 404, path)
        for method in ("POST", "PUT", "OPTIONS", "get"):
            self.assertEqual(self.status(method + " / HTTP/1.1"), 405)
        self.assertEqual(self.status("GET / HTTP/2.0"), 505)
        self.assertEqual(self.status("GET /" + 2000 * "x" + " HTTP/1.1"), 414)
        self.assertEqual(self.status("GET / HTTP/1.1", "Content-Length: 5"), 400)
        self.assertEqual(self.status("GET / HTTP/1.1", "Transfer-Encoding: chunked"), 400)
        self.assertEqual(self.status("GET / HTTP/1.1", "X: " + 9000 * "x"), 431)
        for line in ("GET http://evil.example/ HTTP/1.1", "GET /", "", "GET /\x01 HTTP/1.1"):
            self.assertIn(self.status(line), (400, 404))
        self.assertIn("400", self.raw(bytes(range(256)) + b"\r\n\r\n")[0])

    def test_head_has_no_body(self):
        answer = self.raw(b"HEAD / HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % self.port)[1]
        self.assertIn(b"Content-Length:", answer)
        self.assertTrue(answer.endswith(b"\r\n\r\n"))

    def test_byte_by_byte(self):
        self.assertEqual(self.status("GET / HTTP/1.1", pieces=60), 200)

    def test_the_slow_keep_nobody_waiting(self):
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(20)]
        silent[0].sendall(b"GET / HT")
        self.assertIn("snarl", self.get(""))
        for connection in silent:
            connection.close()

    def test_only_this_machine(self):
        with open("/proc/net/tcp", encoding="ascii") as file:
            listening = [line.split()[1] for line in file if line.split()[3] == "0A"]
        self.assertIn("0100007F:%04X" % self.port, listening)

    def test_port(self):
        server, address = serve("--port=%d" % self.port)
        self.assertEqual(address, "")
        err = server.communicate()[1]
        self.assertEqual(server.returncode, 2)
        self.assertIn(b"cannot listen on 127.0.0.1:%d" % self.port, err)

    def test_no_trace(self):
        done = subprocess.run([SNARL, "serve", "/nonexistent"], capture_output=True, timeout=60,
                              check=False)
        self.assertEqual((done.returncode, done.stdout), (2, b""))


if __name__ == "__main__":
    unittest.main()
