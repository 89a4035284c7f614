"""`shoal watch` in a terminal of its own: it follows, fits the window, and gives the terminal back as it was.

    watch_test.py SHOAL FOLDER
"""
import fcntl
import os
import pty
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
    assert "run  ended  step" in after and "optimizer.name" in after, after
finally:
    trainer.kill()
    trainer.wait()
print("ok")
