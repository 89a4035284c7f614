"""`shoal watch` in a terminal of its own: it follows, fits the window, and gives the terminal back as it was.

    watch_test.py SHOAL FOLDER
"""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

shoal, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)
ENTER, LEAVE, HOME = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[H"


class Watch:
    def __init__(self, run, term="xterm"):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(shoal, [shoal, "watch", run], dict(os.environ, TERM=term, LANG="C.UTF-8", LC_ALL=""))
        self.seen = b""

    def wait_for(self, done, what):
        end = time.time() + 20
        while not done():
            assert time.time() < end, f"no {what} in {self.seen!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.terminal, 65536)
                except OSError:  # closed
                    break

    def frames(self, count):
        self.wait_for(lambda: self.seen.count(HOME) >= count, f"{count} frames")

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def end(self, screens=1):
        self.wait_for(lambda: False, "end")
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        assert status == 0, f"status {status}"
        assert self.seen.count(ENTER) == self.seen.count(LEAVE) == screens, self.seen
        os.close(self.terminal)


def modes(terminal):
    return termios.tcgetattr(terminal)[3] & (termios.ICANON | termios.ECHO)


subprocess.run(["rm", "-rf", "run", "data.h5"], check=True)
subprocess.run([shoal, *"synth spirals --samples 500 --features 4 --classes 3 --seed 1 -o data.h5".split()],
               check=True, stdout=subprocess.DEVNULL)
trainer = subprocess.Popen([shoal, *"train --run run --set data.file=data.h5 --set train.epochs=1000000".split()],
                           stderr=subprocess.DEVNULL)
try:
    while not os.path.exists("run/config.toml"):
        assert trainer.poll() is None, "the run has ended"
        time.sleep(0.05)

    for leave in (lambda w: os.write(w.terminal, b"q"), lambda w: os.write(w.terminal, b"\x03"),
                  lambda w: os.kill(w.pid, signal.SIGTERM)):
        watch = Watch("run")
        before = modes(watch.terminal)
        watch.frames(1)
        assert before != 0 and modes(watch.terminal) == 0, "keys are read one by one"
        leave(watch)
        watch.wait_for(lambda: LEAVE in watch.seen, "leaving")
        end = time.time() + 5
        while modes(watch.terminal) != before:
            assert time.time() < end, f"the terminal stays changed: {before} {modes(watch.terminal)}"
        watch.end()
        last = watch.seen.split(LEAVE)[1].decode()
        assert "run  under way  step" in last and " gone, " in last, f"its last frame stays: {last}"

    watch = Watch("run", "dumb")
    watch.end(screens=0)  # one frame, as without a terminal
    assert b"run  under way  step" in watch.seen and b"\x1b" not in watch.seen, watch.seen

    watch = Watch("run")
    watch.resize(12, 40)
    watch.frames(3)
    last = watch.seen.split(HOME)[-2].replace(b"\x1b[K", b"")
    for colour in (b"\x1b[36m", b"\x1b[33m", b"\x1b[0m", b"\x1b[J"):
        last = last.replace(colour, b"")
    lines = last.decode().replace("\r", "").split("\n")
    assert len(lines) == 12 and max(map(len, lines)) == 40, lines
    trainer.send_signal(signal.SIGUSR1)
    watch.end()
    after = watch.seen.split(LEAVE)[1].decode()
    assert "run  ended  step" in after and "train.epochs = 1000000" in after, after
    assert "optimizer.name" not in after, "nobody has chosen it"
finally:
    trainer.kill()
    trainer.wait()

with open("sweep.toml", "w") as file:
    file.write('[data]\nfile = "data.h5"\n[train]\nepochs = 400\n[sweep]\ntrials = 200\n[sweep.space]\n'
               '"optimizer.learning_rate" = {scale = "log", min = 1e-4, max = 1e-1}\n')
sweep = subprocess.Popen([shoal, "sweep", "sweep.toml", "--run", "search"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    end = time.time() + 60
    while not os.path.exists("search/fingerprint") or b'"trial"' not in b"".join(
            open(f"search/{name}", "rb").read() for name in os.listdir("search") if name.startswith("journal")):
        assert sweep.poll() is None and time.time() < end, "no trial has an outcome"
        time.sleep(0.05)
    watch = Watch("search")
    watch.frames(8)
    frames = [frame.decode(errors="replace") for frame in watch.seen.split(HOME)[1:-1]]
    running = {re.search(r"(\d+) under way", frame)[1] for frame in frames}
    assert "1" in running and running <= {"0", "1"}, f"one rank works at one training: {running}"
    for words in ("search  under way  ", " of 200: ", "0 failed", " gone, ", " left", "best so far", "trial "):
        assert words in frames[-1], f"no {words!r} in {frames[-1]!r}"
    sweep.send_signal(signal.SIGUSR1)
    watch.end()
    after = watch.seen.split(LEAVE)[1].decode()
    assert "search  ended  " in after and "optimizer.learning_rate = " in after, after
finally:
    sweep.kill()
    sweep.wait()
print("ok")
