"""`shoal serve` for tests: started, asked, and ended."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time


class Server:
    """A context manager. `port` is 0 for a Unix socket, whose path is `socket`."""

    def __init__(self, shoal, *arguments, cwd="."):
        self.process = subprocess.Popen([shoal, "serve", *arguments], cwd=cwd, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.link = self.process.stdout.readline().strip()
        found = re.fullmatch(r"http://([^/]+)/#([0-9a-f]{32})", self.link)
        assert found, (self.link, self.process.stderr.read() if self.process.poll() is not None else "")
        self.host, self.token = found.groups()
        self.socket = arguments[arguments.index("--socket") + 1] if "--socket" in arguments else None
        if self.socket:
            self.socket = os.path.join(cwd, self.socket)
        self.port = 0 if self.socket else int(self.host.split(":")[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def connect(self):
        if not self.socket:
            return socket.create_connection(("127.0.0.1", self.port), timeout=20)
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(20)
        made.connect(self.socket)
        return made

    def ask(self, path, method="GET", body=None, token=True, timeout=90, **headers):
        """Returns status, header fields, body. Header names take _ for -."""
        connection = http.client.HTTPConnection(self.host, timeout=timeout)
        connection.sock = self.connect()
        connection.sock.settimeout(timeout)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["X-Shoal-Token"] = self.token if token is True else token
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, answer.headers, text

    def json(self, path, **options):
        status, _, text = self.ask(path, **options)
        assert status == 200, (path, status, text)
        return json.loads(text)

    def post(self, path, body):
        status, _, text = self.ask(path, "POST", body)
        return status, json.loads(text)

    def end(self, number=signal.SIGTERM):
        """Returns the exit status, and what stood on standard error."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


def wait_for(condition, what, seconds=60):
    end = time.time() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.time() < end, f"no {what} after {seconds} s"
        time.sleep(0.05)
