#!/usr/bin/env python3
"""How long the page of a large recording takes to open in a browser: `python benchmarks/view_page.py [NODES]`.

It needs chromium and chromedriver (Debian: apt-get install chromium chromium-driver). Reported are the size of the page, the
milliseconds until it can be used (its script has set `data-ready`), the elements of the document then, and the milliseconds
to open a box.
"""

import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
OPEN = """const start = performance.now();
document.querySelector(".canvas .box").dispatchEvent(new MouseEvent("click", {bubbles: true}));
document.body.getBoundingClientRect();
return performance.now() - start;"""


def page(nodes):
    import tfcompat as tf

    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(8, 16)).astype("float32"))
    weights = [tf.Variable((rng.normal(size=(16, 16)) / 4).astype("float32"), name=f"w{i}") for i in range(10)]
    with tf.debug.trace():
        with tf.GradientTape() as tape:
            y = x
            for _ in range(nodes // 50):
                for w in weights:
                    y = tf.tanh(y @ w) + x * 0.5 - y * 0.1
            y = tf.reduce_sum(y * y)
        tape.gradient(y, weights)
    return tf.debug.draw(y, weights).html()


def main():
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "page.html")
        start = time.perf_counter()
        path.write_text(page(nodes), encoding="utf-8")
        print(f"{nodes} nodes: recorded, drawn and written in {time.perf_counter() - start:.1f} s, {path.stat().st_size / 1e6:.2f} MB")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL)
        try:
            for width in (400, 1280):
                print(f"{width} pixels wide:", measure(port, path, width, folder))
        finally:
            driver.terminate()
            driver.wait()


def measure(port, path, width, folder):
    """Opens the page once in a new browser."""

    def ask(command, **body):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/session{command}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the driver on this machine
            return json.load(answer)["value"]

    arguments = [*FLAGS, f"--window-size={width},900", f"--user-data-dir={folder}/profile{width}"]
    options = {"goog:chromeOptions": {"args": arguments}}
    for attempt in range(100):
        try:
            session = ask("", capabilities={"alwaysMatch": options})["sessionId"]
            break
        except urllib.error.URLError:
            if attempt == 99:
                raise
            time.sleep(0.1)
    ask(f"/{session}/url", url=path.as_uri())

    def run(script):
        return ask(f"/{session}/execute/sync", script=script, args=[])

    while (ready := run("return document.documentElement.dataset.ready")) is None:
        time.sleep(0.05)
    count = run("return document.querySelectorAll('*').length")
    opened = run(OPEN)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/session/{session}", method="DELETE")
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
    return f"ready after {ready} ms, {count} elements, a box opened in {opened:.0f} ms"


if __name__ == "__main__":
    main()
