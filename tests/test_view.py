"""Pictures of tapes: the data, the text, the page; in a browser where there is one."""

import html
import io
import json
import re
import shutil
import subprocess
import sys

import pytest
from processes import run_python

import tfcompat as tf

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.own_mode


def loss_of(w, x):
    y = x
    for _ in range(3):
        y = tf.tanh(y * w) + x
    return tf.reduce_sum(y * y)


def recorded():
    w, x = tf.Variable([0.5, -1.0], name="w"), tf.constant([1.0, 2.0])
    with tf.debug.trace():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = loss_of(w, x)
        gradients = tape.gradient(y, [w, x])
    return y, w, x, gradients


def test_data():
    y, w, x, (dw, dx) = recorded()
    graph = tf.debug.graph(y, [w, x])
    nodes = {n["id"]: n for n in graph["nodes"]}
    assert json.loads(json.dumps(graph)) == graph
    assert [n["op"] for n in graph["nodes"]] == ["w", "source 2", *["Mul", "Tanh", "AddV2"] * 3, "Mul", "Sum"]
    assert [nodes[s["node"]]["op"] for s in graph["steps"]] == ["Sum", "Mul", *["AddV2", "Tanh", "Mul"] * 3]
    # Every value is one of the computation that was drawn.
    assert graph["nodes"][0]["cotangent"] == tf_text(dw) and graph["nodes"][1]["cotangent"] == tf_text(dx)
    assert graph["nodes"][-1]["value"] == tf_text(y) and graph["nodes"][-1]["kind"] == "target"
    # w is used three times; x as well, and once as the start of the loop.
    assert len(graph["nodes"][0]["contributions"]) == 3 and len(graph["nodes"][1]["contributions"]) == 4
    assert {n["program"].split(", ")[1].split(":")[0] for n in graph["nodes"][2:]} == {"interpreted"}
    first = graph["nodes"][2]
    assert first["code"] == "y = tf.tanh(y * w) + x" and first["file"] == __file__
    assert [n["groups"][-1].split(", ")[1] for n in graph["nodes"][2:11]] == [f"iteration {k // 3 + 1}" for k in range(9)]
    product = next(s for s in graph["steps"] if s["node"] == first["id"])
    assert [e["formula"] for e in product["edges"]] == ["dy * b", "dy * a"]
    assert "mul" in graph["rules"][product["rule"]]


def tf_text(tensor):
    from tfcompat._view.graph import summary

    return summary(tensor)


def test_nested_loops_and_their_iterations():
    x = tf.Variable(1.0)
    with tf.debug.trace():
        with tf.GradientTape() as tape:
            y = x * tf.exp(tf.constant(0.5))
            for i in range(2):
                for j in range(3):
                    y = tf.sin(y) if i * j < 10 else y
        tape.gradient(y, x)
    graph = tf.debug.graph(y, x)
    groups = [[g.split(", ")[1] for g in n["groups"]] for n in graph["nodes"]]
    inner = [[f"iteration {i}", f"iteration {j}"] for i in (1, 2) for j in (1, 2, 3)]
    assert groups == [[], [], *inner]
    # A constant that has to be computed for the picture is read before everything else.
    assert all(n["program"] for n in graph["nodes"][1:])


def test_a_tape_without_a_trace():
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        y = tf.reduce_sum(tf.exp(x) * x)
    graph = tape.graph(y, x)
    assert [n["op"] for n in graph["nodes"]] == ["Variable", "Exp", "Mul", "Sum"]
    assert graph["nodes"][1]["line"] is None and graph["nodes"][0]["cotangent"] == tf_text(tape.gradient(y, x))
    with tf.GradientTape() as used:
        y = x * x
    used.gradient(y, x)
    tf.debug.trace.forget()
    with pytest.raises(ValueError, match="Nothing to draw"):
        tf.debug.draw(y, x, tape=used)
    with pytest.raises(ValueError, match="Nothing to draw"):
        tf.debug.draw(y, x)


def test_gradients_and_records_are_the_same_with_a_trace():
    w, x = tf.Variable([0.5, -1.0]), tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = loss_of(w, x)
    assert tape.gradient(y, w).numpy().tolist() == recorded()[3][0].numpy().tolist()


def test_custom_and_sparse_gradients():
    @tf.custom_gradient
    def twice(x):
        return x * 2.0, lambda upstream: upstream * 2.0

    table = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.debug.trace():
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(twice(tf.gather(table, [1, 1])))
        tape.gradient(y, table)
    graph = tf.debug.graph(y, table)
    assert [n["op"] for n in graph["nodes"]] == ["Variable", "ResourceGather", "twice", "Sum"]
    assert graph["nodes"][0]["cotangent"].startswith("2 rows")


def test_text_and_rich():
    import rich.console

    y, w, x, _ = recorded()
    drawing = tf.debug.draw(y, [w, x])
    assert str(drawing).startswith("1. Sum") and "w += dy * a" in str(drawing)
    console = rich.console.Console(width=200, file=io.StringIO())
    console.print(drawing)
    assert "13 nodes, walked back in 11 steps" in console.file.getvalue()


def test_page_is_complete(tmp_path):
    y, w, x, _ = recorded()
    drawing = tf.debug.draw(y, [w, x])
    drawing.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=|@import|url\(", text)
    assert text.count("</script>") == 2
    assert drawing._repr_html_().count("<svg") == 1


def test_many_nodes_are_put_into_boxes():
    from tfcompat._view import layout

    x = tf.Variable(1.0)
    with tf.debug.trace():
        with tf.GradientTape() as tape:
            y = x
            for _ in range(400):
                y = tf.sin(y)
        tape.gradient(y, x)
    root = layout.tree(tf.debug.graph(y, x))
    assert all(len(box.items) <= layout.CROWDED for box in layout.boxes(root))
    assert len(root.nodes()) == 401


FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=20000"]  # fmt: skip

# Runs in the page once it is ready; what it finds becomes the title.
LOOK = """<script>
const pick = (query) => document.querySelector(query), count = (query) => document.querySelectorAll(query).length;
const click = (node) => node.dispatchEvent(new MouseEvent("click", {bubbles: true}));
const wide = () => document.documentElement.scrollWidth > innerWidth;
function look() {
  if (!document.documentElement.dataset.ready) return setTimeout(look, 20);
  const found = {wide: wide(), elements: count("*"), boxes: count(".canvas .box"), nodes: count(".canvas .node")};
  const levels = [];
  while (pick(".canvas .box")) {
    click(pick(".canvas .box"));
    levels.push([count(".canvas .box"), count(".canvas .node"), count("nav button")]);
  }
  const node = pick(".canvas .node.op");
  click(node);
  found.levels = levels;
  found.op = pick("aside h3").textContent;
  found.rule = pick("aside pre").textContent.length > 0;
  found.chosen = count(".canvas .chosen");
  found.facts = [...document.querySelectorAll("aside dt")].map((item) => item.textContent);
  node.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true}));
  found.most = count("*");
  found.wideInside = wide();
  click(pick("nav button"));
  found.back = [count(".canvas .box"), count(".canvas .node"), count("nav button")];
  found.fetched = performance.getEntriesByType("resource").length;
  document.title = JSON.stringify(found);
}
look();
</script>"""


def looked_at(drawing, tmp_path, width):
    (tmp_path / "page.html").write_text(drawing.html() + LOOK, encoding="utf-8")
    command = [BROWSER, *FLAGS, f"--window-size={width},900", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([*command, (tmp_path / "page.html").as_uri()], capture_output=True, text=True, timeout=120)
    return json.loads(html.unescape(re.search("<title>(.*?)</title>", done.stdout).group(1)))


@pytest.mark.skipif(BROWSER is None, reason="needs a browser: apt-get install chromium; the page itself is tested above")
@pytest.mark.parametrize("width", [400, 1280])
def test_in_a_browser(tmp_path, width):
    y, w, x, _ = recorded()
    found = looked_at(tf.debug.draw(y, [w, x]), tmp_path, width)
    assert not found["wide"] and not found["wideInside"] and found["fetched"] == 0
    # Two sources, the ops after the loop, and one box for each iteration, which holds its three ops.
    assert (found["boxes"], found["nodes"]) == (3, 4)
    ((boxes, nodes, depth),) = found["levels"]
    assert boxes == 0 and nodes >= 3 and depth == 2
    assert found["op"] == "Mul" and found["rule"] and found["chosen"] == 1
    assert {"line", "inside", "result", "step of the reverse walk"} <= set(found["facts"])
    assert found["back"] == [3, 4, 1]


@pytest.mark.skipif(BROWSER is None, reason="needs a browser: apt-get install chromium; the page itself is tested above")
@pytest.mark.parametrize("width", [400, 1280])
def test_a_large_recording_in_a_browser(tmp_path, width):
    w, x = tf.Variable([0.5, -1.0], name="w"), tf.constant([1.0, 2.0])
    with tf.debug.trace():
        with tf.GradientTape() as tape:
            y = x
            for _ in range(250):
                for _ in range(10):
                    y = tf.tanh(y * w)
            y = tf.reduce_sum(y * y)
        tape.gradient(y, w)
    drawing = tf.debug.draw(y, w)
    assert len(drawing.graph["nodes"]) == 5003
    assert len(drawing.html()) < 2_000_000
    found = looked_at(drawing, tmp_path, width)
    # The document holds what is shown, and nothing else.
    assert found["elements"] < 1_500 and found["most"] < 1_500
    assert not found["wide"] and not found["wideInside"] and found["fetched"] == 0
    assert len(found["levels"]) >= 3 and found["op"] == "Mul"
    assert found["back"] == [found["boxes"], found["nodes"], 1]


def test_command_line(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import sys\nimport tensorflow as tf\nw = tf.Variable(2.0, name='w')\nfor step in range(3):\n"
        "    with tf.GradientTape() as tape:\n        loss = w * w\n    w.assign_sub(0.1 * tape.gradient(loss, w))\n"
        "print(float(w), sys.argv[1:])\n"
    )
    page = tmp_path / "page.html"
    done = run_python("-m", "tfcompat", "trace", "-n", "2", "-o", str(page), str(script), "--flag")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("['--flag']\n") and page.read_text(encoding="utf-8").count("<h2>") == 2
    done = run_python("-m", "tfcompat", "trace", "--text", str(script))
    assert "1. Mul  line 6: loss = w * w" in done.stdout


def test_a_library_that_is_missing_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "fast_sugiyama", None)
    with tf.debug.trace():
        x = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            y = x * x
        tape.gradient(y, x)
    with pytest.raises(ModuleNotFoundError, match=r"tfcompat\[view\]"):
        tf.debug.draw(y, x)._repr_html_()
