"""What a picture of a tape needs beyond the tape: the user's lines, loops, name scopes and all values."""

import collections
import dis
import functools
import sysconfig

from tfcompat._core.callsite import is_internal, user_frame
from tfcompat._core.context import state


class trace:
    """A context in which tapes note the user's lines, loops and values, for `draw`.

    It keeps every value that is recorded on a tape alive until another trace begins or `forget` is called: for looking
    at programs, not for training. What is computed is the same.

        with tfcompat.debug.trace():
            with tf.GradientTape() as tape:
                y = f(x)
            tape.gradient(y, x)
            tfcompat.debug.draw(y, x)
    """

    def __init__(self):
        self.nodes = {}  # gid of a result -> Node
        self.walks = []  # Walk, in the order of the calls of `gradient`
        self._runs = 0
        self._loops = {}  # (frame's id, loop) -> [last instruction, iteration]

    latest = None  # the trace entered last

    @staticmethod
    def forget():
        """Drops what the last trace holds."""
        trace.latest = None

    def __enter__(self):
        self._outer, state.tracer = state.tracer, self
        trace.latest = self
        return self

    def __exit__(self, *_):
        state.tracer = self._outer

    def node(self, name, ins, outs):
        """Called by the engine for each step that goes on a tape."""
        frame = user_frame(3)
        groups = [s for s in (state.name_scopes[-1] if state.name_scopes else "").split("/") if s]
        for caller in _users_frames(frame):
            groups += self._iterations(caller)
        node = Node(name, (frame.f_code, frame.f_lasti), tuple(groups), list(ins), list(outs))
        for t in outs:
            self.nodes[t._gid] = node

    def ran(self, work, tier, reason):
        """Called by the engine for each run of what was pending."""
        self._runs += 1
        count = sum(len(spec.avals) for spec in work.specs)
        for reference in work.refs[:count]:
            tensor = reference()
            node = self.nodes.get(tensor._gid) if tensor is not None else None
            if node is not None:
                node.program = f"run {self._runs} ({count} results), {tier}: {reason}"

    def walk(self, tape, targets, sources, seeds, stacked):
        """Called by the engine before each reverse walk."""
        self.walks.append(Walk(list(tape._entries), set(tape._watched), list(targets), list(sources), list(seeds), stacked))

    def _iterations(self, frame):
        """Labels of the Python loops that the call is in, with the number of the iteration."""
        around = [loop for loop in loops(frame.f_code) if loop.start <= frame.f_lasti <= loop.end]
        labels, restarted = [], False
        for depth, loop in enumerate(around):
            # A loop inside is one place of the loop around it.
            inner = around[depth + 1].start if depth + 1 < len(around) else None
            place = frame.f_lasti if inner is None else inner
            values = [frame.f_locals.get(name, frame.f_globals.get(name)) for name in loop.variables]
            key = id(frame), loop.start
            seen = self._loops.get(key)
            if seen is None or restarted:
                seen, restarted = [place, values, 1], True
            else:
                again = place < seen[0] or (place == seen[0] and inner is None)
                if again or any(v is not w for v, w in zip(values, seen[1], strict=True)):
                    seen, restarted = [place, values, seen[2] + 1], True
                else:
                    seen = [place, values, seen[2]]
            self._loops[key] = seen
            labels.append(f"line {loop.line}, iteration {seen[2]}")
        return labels


class Node:
    """One recorded step: its op, call site, groups from the outermost on, inputs and results, and the run it was in."""

    __slots__ = ("groups", "ins", "name", "outs", "program", "site")

    def __init__(self, name, site, groups, ins, outs):
        self.name, self.site, self.groups, self.ins, self.outs = name, site, groups, ins, outs
        self.program = None


class Walk:
    """A reverse walk: what it was asked for, and the tape as it was then."""

    __slots__ = ("entries", "seeds", "sources", "stacked", "targets", "watched")

    def __init__(self, entries, watched, targets, sources, seeds, stacked):
        self.entries, self.watched, self.targets, self.sources = entries, watched, targets, sources
        self.seeds, self.stacked = seeds, stacked


_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platlib", "purelib")})


def _users_frames(frame):
    """The frames of the user's own code, outermost first: loops of libraries are no news."""
    found = []
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((*_LIBRARIES, "<frozen")) and not is_internal(frame.f_code):
            found.append(frame)
        frame = frame.f_back
    return found[::-1]


Loop = collections.namedtuple("Loop", "start end line variables")


@functools.lru_cache(1_000)
def loops(code):
    """The loops of a code object, outermost first: first and last instruction, line, names that `for` sets."""
    ends, instructions = {}, list(dis.get_instructions(code))
    for instruction in instructions:
        if "JUMP_BACKWARD" in instruction.opname:
            ends[instruction.argval] = max(ends.get(instruction.argval, 0), instruction.offset)
    lines = {offset: line for start, end, line in code.co_lines() for offset in range(start, end, 2)}
    variables = {}
    for k, instruction in enumerate(instructions):
        if instruction.opname == "FOR_ITER":
            names = variables[instruction.offset] = []
            for following in instructions[k + 1 : k + 12]:
                if following.opname.startswith("STORE_"):
                    names += [following.argval] if isinstance(following.argval, str) else list(following.argval)
                elif not following.opname.startswith("UNPACK_"):
                    break
    found = [Loop(start, end, lines.get(start), tuple(variables.get(start, ()))) for start, end in ends.items()]
    return sorted(found, key=lambda loop: loop.start - loop.end)
