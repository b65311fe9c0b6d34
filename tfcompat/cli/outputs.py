"""What the cells of a notebook give: recorded in the notebook's own format while it is shown on the terminal."""

import base64


class Outputs:
    """Collects outputs into the cell that is running."""

    def __init__(self):
        self._current = []
        self._by_display_id = {}
        self._clear_at_next = False

    def start(self, cell):
        """From now on, outputs belong to `cell`."""
        self._current = cell["outputs"]
        self._clear_at_next = False

    def stream(self, name, text):
        """Text written to ``stdout`` or ``stderr``; joined to what was written there just before."""
        self._clear_if_due()
        last = self._current[-1] if self._current else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            unfinished = "" if last["text"][-1].endswith("\n") else last["text"].pop()
            last["text"].extend(_lines(unfinished + text))
        else:
            self._current.append({"output_type": "stream", "name": name, "text": _lines(text)})

    def result(self, data, metadata, execution_count):
        """The value of the cell's last expression."""
        self._clear_if_due()
        bundle = {"data": _encoded(data), "metadata": metadata or {}}
        self._current.append({"output_type": "execute_result", "execution_count": execution_count, **bundle})

    def display(self, data, metadata, display_id, update):
        """Something displayed; with `update`, in place of what was displayed under the same id before."""
        bundle = {"data": _encoded(data), "metadata": metadata or {}}
        if update:
            for output in self._by_display_id.get(display_id, ()):
                output.update(bundle)
            return
        self._clear_if_due()
        self._current.append({"output_type": "display_data", **bundle})
        if display_id is not None:
            self._by_display_id.setdefault(display_id, []).append(self._current[-1])

    def error(self, name, message, traceback):
        """An uncaught exception, its traceback as lines of text."""
        self._current.append({"output_type": "error", "ename": name, "evalue": message, "traceback": list(traceback)})

    def clear(self, wait):
        """Drops the cell's outputs, with `wait` only when the next one comes."""
        self._clear_at_next = wait
        if not wait:
            self._current.clear()

    def _clear_if_due(self):
        if self._clear_at_next:
            self._clear_at_next = False
            self._current.clear()


class Screen:
    """The two streams that the user sees, and on them ``cell k of n`` while nothing else comes (on a terminal only)."""

    def __init__(self, stdout, stderr, total):
        self.streams = {"stdout": stdout, "stderr": stderr}
        self._total = total
        self._has_progress = stdout.isatty() and stderr.isatty()
        self._progress_shown = False

    def show(self, name, text):
        """Writes `text` to the stream called `name`."""
        self.clear_progress()
        self.streams[name].write(text)

    def show_line(self, name, text):
        """Writes a line, at once."""
        self.show(name, f"{text}\n")
        self.streams[name].flush()

    def progress(self, number):
        """Says that cell `number` has begun."""
        if self._has_progress:
            self.show("stderr", f"cell {number} of {self._total} ")
            self.streams["stderr"].flush()
            self._progress_shown = True

    def clear_progress(self):
        if self._progress_shown:
            self._progress_shown = False
            self.streams["stderr"].write("\r\x1b[K")
            self.streams["stderr"].flush()


class Tee:
    """Stands for ``sys.stdout`` or ``sys.stderr``: what is written is shown and recorded."""

    def __init__(self, name, screen, outputs):
        self._name = name
        self._screen = screen
        self._outputs = outputs

    def write(self, text):
        if text:
            self._screen.show(self._name, text)
            self._outputs.stream(self._name, text)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def __getattr__(self, name):
        return getattr(self._screen.streams[self._name], name)


def _encoded(data):
    """A bundle of representations as the notebook format has them: text as lines, bytes in base 64."""
    encoded = {}
    for mime, value in data.items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode("ascii")
        is_text = isinstance(value, str) and not mime.startswith(("image/png", "image/jpeg", "application/pdf"))
        encoded[mime] = _lines(value) if is_text else value
    return encoded


def _lines(text):
    return text.splitlines(keepends=True)
