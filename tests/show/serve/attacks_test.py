"""What `shoal serve` refuses, and that it goes on to serve. One server, an attack after the other.

    attacks_test.py SHOAL FOLDER
"""
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.parse

from server import Server, wait_for

shoal, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)
SECRET = "what nobody shall see"
MARKUP = '<img src=x onerror="alert(1)">\'&amp;'


def make_run(path, learning_rate=0.25):
    os.makedirs(f"{path}/checkpoints")
    open(f"{path}/checkpoints/step-00000000.h5", "w").close()
    with open(f"{path}/config.toml", "w") as file:
        file.write(f"[optimizer]\nlearning_rate = {learning_rate}\n")
    with open(f"{path}/metrics.jsonl", "w") as file:
        for step in range(1, 4):
            file.write(json.dumps({"step": step, "epoch": 1, "loss": 1 / step, "learning_rate": learning_rate,
                                   "samples_per_second": 1000, "time": step}) + "\n")


make_run("runs/good")
make_run(f"runs/{MARKUP}")
make_run("outside/private")
with open("outside/secret.txt", "w") as file:
    file.write(SECRET)
os.symlink("../outside/private", "runs/linked")        # a run elsewhere
make_run("runs/with_link")
os.remove("runs/with_link/config.toml")
os.symlink(f"{os.getcwd()}/outside/secret.txt", "runs/with_link/config.toml")  # a file elsewhere
make_run("runs/wide")
shutil.rmtree("runs/wide/checkpoints")                  # no run any more


def still_serves(server):
    names = [run["name"] for run in server.json("/api/runs?version=0")["changed"]]
    assert sorted(names) == sorted(["good", MARKUP]), names


def refused(answer, status):
    got, headers, text = answer
    assert got == status, (got, text)
    assert "error" in json.loads(text), text
    assert SECRET.encode() not in text and b"learning_rate" not in text, text
    return headers


def raw(server, text, half=False):
    """What comes back for these bytes."""
    with server.connect() as connection:
        try:
            connection.sendall(text)
            if half:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        got = b""
        try:
            while piece := connection.recv(65536):
                got += piece
        except ConnectionResetError:
            pass
        return got


def the_page_alone_needs_no_token(server):
    for path in ("/", "/serve.js", "/serve.css"):
        status, headers, text = server.ask(path, token=False)
        assert status == 200 and text and server.token.encode() not in text, (path, status)
        guards(headers)
    assert server.ask("/", "HEAD", token=False)[2] == b""


def guards(headers):
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "http" not in policy and "unsafe" not in policy, policy
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY" and headers["Set-Cookie"] is None
    assert headers["Access-Control-Allow-Origin"] is None


def no_token(server):
    for token in (False, "", "0" * 32, server.token[:-1], server.token + "0", server.token.upper() + "x"):
        for path in ("/api/runs", "/api/run?name=good", "/api/none"):
            guards(refused(server.ask(path, token=token), 401))
        refused(server.ask("/api/nudge", "POST", {"name": "good", "settings": ["optimizer.l2=1"]}, token=token), 401)
        refused(server.ask("/api/stop", "POST", {"name": "good"}, token=token), 401)
    refused(server.ask(f"/api/runs?token={server.token}&x_shoal_token={server.token}", token=False), 401)


def wrong_host(server):
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", f"localhost:{server.port + 1}", "",
                 f"127.0.0.1.evil.example:{server.port}", f"localhost:{server.port}.evil.example",
                 f"user@localhost:{server.port}", f"[::2]:{server.port}", f"0.0.0.0:{server.port}"):
        refused(server.ask("/api/runs", Host=host), 403)
        refused(server.ask("/", Host=host, token=False), 403)
    for host in (f"localhost:{server.port}", f"LocalHost:{server.port}", f"[::1]:{server.port}"):
        assert server.ask("/api/runs", Host=host)[0] == 200, host
    assert b" 403 " in raw(server, b"GET /api/runs HTTP/1.1\r\nConnection: close\r\n\r\n"), "no Host at all"


def dns_rebinding(server):
    """A name of the attacker's that points to 127.0.0.1: the browser sends it as Host and as Origin."""
    name = f"rebound.example:{server.port}"
    refused(server.ask("/api/runs", Host=name, Origin=f"http://{name}", Sec_Fetch_Site="same-origin"), 403)
    refused(server.ask("/api/nudge", "POST", {"name": "good", "settings": ["optimizer.l2=1"]}, Host=name,
                       Origin=f"http://{name}", Sec_Fetch_Site="same-origin"), 403)


def other_origin(server):
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{server.port}", "http://127.0.0.1",
                   f"http://localhost:{server.port}"):
        refused(server.ask("/api/runs", Origin=origin), 403)
        refused(server.ask("/api/stop", "POST", {"name": "good"}, Origin=origin), 403)
    for site in ("cross-site", "same-site", "other"):
        refused(server.ask("/api/runs", Sec_Fetch_Site=site), 403)
    assert server.ask("/api/runs", Origin=f"http://127.0.0.1:{server.port}", Sec_Fetch_Site="same-origin")[0] == 200
    status, headers, _ = server.ask("/api/nudge", "OPTIONS", Origin="http://evil.example", token=False,
                                    Access_Control_Request_Method="POST")
    assert status == 403 and headers["Access-Control-Allow-Origin"] is None, "what a browser asks before"


def paths_upwards(server):
    for path in ("/../outside/secret.txt", "/..%2foutside%2fsecret.txt", "/%2e%2e/outside/secret.txt",
                 "//etc/passwd", "/serve.js/../../outside/secret.txt", "/serve.js%00", "/api/../serve.js", "/etc/passwd"):
        got = server.ask(path)
        assert got[0] in (400, 404), (path, got)
        refused(got, got[0])
    for name in ("../outside/private", "..%2foutside%2fprivate", "good/../../outside/private", "good/../good", "./good",
                 "/etc", urllib.parse.quote(os.getcwd()) + "/outside/private", "..", "good/", "good%00", ""):
        refused(server.ask(f"/api/run?name={name}"), 404)
        refused(server.ask("/api/nudge", "POST", {"name": urllib.parse.unquote(name), "settings": ["optimizer.l2=1"]}), 404)
        refused(server.ask("/api/stop", "POST", {"name": urllib.parse.unquote(name)}), 404)
    assert not os.path.exists("outside/private/requests")


def links_out(server):
    for name in ("linked", "with_link", "linked/private"):
        refused(server.ask(f"/api/run?name={name}"), 404)
        refused(server.ask("/api/stop", "POST", {"name": name}), 404)
    os.symlink(f"{os.getcwd()}/outside", "runs/good/requests")  # nudges would be written there
    time.sleep(1)
    server.json("/api/runs?version=0")
    refused(server.ask("/api/nudge", "POST", {"name": "good", "settings": ["optimizer.l2=1"]}), 404)
    os.remove("runs/good/requests")
    assert os.listdir("outside") in (["private", "secret.txt"], ["secret.txt", "private"])
    wait_for(lambda: len(server.json("/api/runs?version=0")["changed"]) == 2, "run without the link")
    make_run("runs/group/a")  # a run below a folder that becomes a link once it is known
    wait_for(lambda: len(server.json("/api/runs?version=0")["changed"]) == 3, "run in a group")
    assert server.ask("/api/run?name=group/a")[0] == 200
    os.rename("runs/group", "moved")
    os.symlink(f"{os.getcwd()}/moved", "runs/group")
    refused(server.ask("/api/run?name=group/a"), 404)
    refused(server.ask("/api/stop", "POST", {"name": "group/a"}), 404)
    assert not os.path.exists("moved/a/requests")
    os.remove("runs/group")
    shutil.rmtree("moved")
    wait_for(lambda: len(server.json("/api/runs?version=0")["changed"]) == 2, "the group gone")


def ten_megabytes(server):
    body = b"x" * (10 << 20)
    for headers in ({"Content-Type": "application/json"}, {}):
        try:
            status = server.ask("/api/nudge", "POST", body, **headers)[0]
        except (BrokenPipeError, ConnectionResetError):
            status = 413  # it did not wait for all of it
        assert status == 413, status
    head = f"POST /api/nudge HTTP/1.1\r\nHost: {server.host}\r\nX-Shoal-Token: {server.token}\r\n".encode()
    assert b" 413 " in raw(server, head + b"Content-Length: 10485760\r\n\r\n", half=True), "before a byte of the body"
    assert b" 413 " in raw(server, head + b"Content-Length: 99999999999999999999999\r\n\r\n", half=True)
    assert b" 411 " in raw(server, head + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", half=True)
    for length in (b"-1", b"1e3", b"", b"5, 5", b"5\r\nContent-Length: 6"):
        assert b" 400 " in raw(server, head + b"Content-Length: " + length + b"\r\n\r\n", half=True), length
    assert b" 431 " in raw(server, head + b"A: " + b"x" * (1 << 20) + b"\r\n\r\n", half=True), "a head without end"
    assert b" 431 " in raw(server, b"x" * (1 << 20), half=True)
    many = "".join(f"H{i}: {i}\r\n" for i in range(100000)).encode()
    assert b" 431 " in raw(server, head + many + b"\r\n", half=True)


def what_is_no_request(server):
    host = f"Host: {server.host}\r\nConnection: close\r\n".encode()
    for text in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n" + host + b"\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + host + b"no colon\r\n\r\n", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + host + b"A: b\x00c\r\n\r\n", bytes(range(256)) + b"\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + host + b" folded: x\r\n\r\n"):
        got = raw(server, text, half=True)
        assert got == b"" or got.split(b" ")[1] in (b"400", b"404"), (text, got)
    for body in ("", "{", "[]", "null", '"x"', '{"name": 5}', '{"name": "good"}', '{"name": "good", "settings": {}}',
                 '{"name": "good", "settings": [1]}', "[" * 100000, '{"name": "good", "settings": [], "at_step": "x"}'):
        got = server.ask("/api/nudge", "POST", body, Content_Type="application/json")
        refused(got, 413 if len(body) > 65536 else 400)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        refused(server.ask("/api/stop", "POST", '{"name": "good"}', Content_Type=kind), 415)
    for method in ("PUT", "DELETE", "PATCH"):
        refused(server.ask("/api/runs", method, token=True), 405)
    refused(server.ask("/", "POST", "x", token=False), 405)
    # What may be asked of a run that is not under way, and of keys that there are not.
    for settings, word in ((["optimizer.l2=1"], "nobody trains"), (["optimizer.l3=1"], "optimizer.l2"),
                           (["data.batch_size=64"], "cannot change"), (["optimizer.learning_rate=-1"], "use a number")):
        status, said = server.post("/api/nudge", {"name": "good", "settings": settings})
        assert status == 400 and word in said["error"], (status, said)
    assert not os.path.exists("runs/good/requests") or not os.listdir("runs/good/requests")


def two_hundred_slow_connections(server):
    """Some send nothing, some a byte now and then, some never read what they have asked for."""
    head = f"GET /api/runs HTTP/1.1\r\nHost: {server.host}\r\n".encode()
    slow = [server.connect() for _ in range(200)]
    for i, connection in enumerate(slow):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if i % 4 == 1:
            connection.sendall(head)
        elif i % 4 == 2:
            connection.sendall(head.replace(b"GET /api/runs", b"POST /api/nudge") + b"Content-Length: 60000\r\n\r\n{")
        elif i % 4 == 3:
            connection.sendall(f"GET /serve.js HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode() * 8)
    for second in range(12):
        for connection in slow[1::4]:
            try:
                connection.sendall(b"X")
            except OSError:
                pass  # it was ended: a request has 10 seconds
        still_serves(server)
        time.sleep(1)
    ended = 0
    for connection in slow[1::4]:
        try:
            ended += connection.recv(1) == b""
        except OSError:
            ended += 1
    assert ended == 50, f"only {ended} of those that send a byte a second were ended"
    flood = []
    for _ in range(600):  # more than it holds
        flood.append(server.connect())
        flood[-1].sendall(b"GET ")
    still_serves(server)
    for connection in slow + flood:
        connection.close()


def names_with_markup(server):
    entry = next(run for run in server.json("/api/runs?version=0")["changed"] if run["name"] == MARKUP)
    assert entry["step"] == 3
    status, headers, _ = server.ask("/api/runs?version=0")
    assert headers["Content-Type"] == "application/json", "no browser takes it for a page"
    status, said = server.post("/api/nudge", {"name": MARKUP, "settings": ["optimizer.l2=1"]})
    assert status == 400 and MARKUP in said["error"], said
    for name in (MARKUP.replace("&", "%26").replace("#", "%23"), "<script>alert(1)</script>"):
        _, headers, text = server.ask(f"/api/run?name={name}".replace('"', "%22").replace(" ", "%20"))
        assert headers["Content-Type"] == "application/json"
    assert b"<script>" not in text, "what was asked for does not come back"


def nobody_guesses_by_time(server):
    """The comparison is over all digits; what can be seen of that from outside is that it is no shortcut to send none."""
    for token in ("\xff" * 32, server.token * 100):
        refused(server.ask("/api/runs", token=token), 401)


def a_run_that_comes_and_goes(server):
    version = server.json("/api/runs?version=0")["version"]
    make_run("runs/late/deep")
    wait_for(lambda: [r["name"] for r in server.json(f"/api/runs?version={version}")["changed"]] == ["late/deep"],
             "new run in what is new")
    first = server.json("/api/run?name=late/deep&from=")
    assert first["run"]["curves"]["loss"]["step"] == [1, 2, 3], first
    assert server.json(f"/api/run?name=late/deep&from={first['mark']}")["steps"]["step"] == []
    with open("runs/late/deep/metrics.jsonl", "a") as file:
        file.write('{"step":4,"epoch":1,"loss":0.2,"learning_rate":0.1,"samples_per_second":9,"time":4}\n{"step":5,"ep')
    news = server.json(f"/api/run?name=late/deep&from={first['mark']}")
    assert "run" not in news and news["steps"]["step"] == [4], "what is half written is not shown"
    with open("runs/late/deep/metrics.jsonl", "w") as file:
        file.write('{"step":1,"epoch":1,"loss":7,"learning_rate":0.1,"samples_per_second":9,"time":4}\n')
    news = server.json(f"/api/run?name=late/deep&from={news['mark']}")
    assert news["run"]["curves"]["loss"]["value"] == [7], "it went back"
    assert "run" not in server.json(f"/api/run?name=late/deep&from={news['mark']}")
    with open("runs/late/deep/jobs.jsonl", "a") as file:
        file.write("{}\n")
    assert "run" in server.json(f"/api/run?name=late/deep&from={news['mark']}"), "another job has begun: new marks"
    version = server.json("/api/runs?version=0")["version"]
    os.rename("runs/late/deep", "runs/later")
    seen = wait_for(lambda: (lambda news: news["gone"] and news)(server.json(f"/api/runs?version={version}")), "renamed run")
    assert seen["gone"] == ["late/deep"] and [r["name"] for r in seen["changed"]] == ["later"], seen
    with open("runs/later/config.toml", "w") as file:
        file.write("[optimizer]\nlearning_rate = ")  # half written
    entry = wait_for(lambda: next((r for r in server.json("/api/runs?version=0")["changed"] if "unreadable" in r), None),
                     "half-written config")
    assert entry["name"] == "later"
    status, _, _ = server.ask("/api/run?name=later&from=")
    assert status in (400, 500), status
    shutil.rmtree("runs/later")
    wait_for(lambda: len(server.json("/api/runs?version=0")["changed"]) == 2, "removed run")


def a_sweep_changes_by_any_rank(server):
    os.makedirs("runs/search")
    for name, text in (("config.toml", "[sweep]\ntrials = 3\n"), ("fingerprint", ""), ("journal-0.jsonl", ""), ("journal-2.jsonl", "")):
        with open(f"runs/search/{name}", "w") as file:
            file.write(text)
    os.utime("runs/search/journal-0.jsonl", (1_700_000_000, 1_700_000_000))
    os.utime("runs/search/journal-2.jsonl", (1_700_000_500, 1_700_000_500))
    entry = wait_for(lambda: next((r for r in server.json("/api/runs?version=0")["changed"] if r["name"] == "search"), None), "sweep")
    assert entry["kind"] == "sweep" and entry["changed"] == 1_700_000_500, entry
    shutil.rmtree("runs/search")
    wait_for(lambda: len(server.json("/api/runs?version=0")["changed"]) == 2, "removed sweep")


ATTACKS = (the_page_alone_needs_no_token, no_token, wrong_host, dns_rebinding, other_origin, paths_upwards, links_out,
           ten_megabytes, what_is_no_request, names_with_markup, nobody_guesses_by_time, a_run_that_comes_and_goes,
           a_sweep_changes_by_any_rank, two_hundred_slow_connections)

with Server(shoal, "runs", "--port", "0") as server:
    for attack in ATTACKS:
        attack(server)
        still_serves(server)
        print(attack.__name__.replace("_", " "))
    status, said = server.end(signal.SIGINT)
    assert status == 0 and "Ctrl-C ends it" in said and server.token not in said, (status, said)

with Server(shoal, "runs", "--socket", "door") as server:
    assert stat.S_IMODE(os.stat("door").st_mode) == 0o600
    assert server.ask("/api/runs", Host="localhost:1234")[0] == 200 and server.ask("/api/runs", Host="localhost")[0] == 200
    refused(server.ask("/api/runs", Host="evil.example:80"), 403)
    refused(server.ask("/api/runs", token=False), 401)
    again = subprocess.run([shoal, "serve", "runs", "--socket", "door"], capture_output=True, text=True)
    assert again.returncode == 64 and "another process listens" in again.stderr, again
    server.process.kill()  # leaves its socket behind
    server.process.wait()
with Server(shoal, "runs", "--socket", "door", "--read-only") as server:
    for path in ("/api/nudge", "/api/stop"):
        refused(server.ask(path, "POST", {"name": "good", "settings": ["optimizer.l2=1"]}), 403)
    assert server.json("/api/runs")["read_only"] is True
    assert server.end()[0] == 0 and not os.path.exists("door")
print("a Unix socket, and --read-only")

with Server(shoal, "runs/good", "--host", "0.0.0.0", "--port", "18765") as server:
    assert [run["name"] for run in server.json("/api/runs", Host=f"127.0.0.1:{server.port}")["changed"]] == ["."]
    assert server.ask("/api/runs", Host=f"10.1.2.3:{server.port}")[0] == 200, "any address is this host's"
    refused(server.ask("/api/runs", Host=f"evil.example:{server.port}"), 403)
    status, said = server.end()
    assert status == 0 and "warning: everybody who reaches 0.0.0.0" in said, said
print("another address, with a warning")

for arguments, status, words in ((["missing"], 66, "there is no folder missing"), (["runs", "--port", "70000"], 64, "65535"),
                                 (["runs", "--host", "no.such.host.invalid"], 64, "--host is no.such.host.invalid"),
                                 (["runs", "--socket", "outside/secret.txt"], 64, "no socket"),
                                 (["runs", "--socket", "x" * 200], 64, "200 characters")):
    ended = subprocess.run([shoal, "serve", *arguments], capture_output=True, text=True, timeout=30)
    assert ended.returncode == status and words in ended.stderr and ended.stderr.count("\n") == 1, ended
with open("outside/secret.txt") as file:
    assert file.read() == SECRET
print("ok")
