"""Where in the user's code an op was called: a pair of code object and instruction, cheap enough for hot paths."""

import os
import sys

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
origins = {}  # (generated file, line) -> (file, line) that it was generated from
_internal = {}  # code object -> is it tfcompat's own
MAX_SITES = 10_000
_sites = {}  # (code, instruction offset) -> Site


def is_internal(code):
    """Whether code is tfcompat's own."""
    known = _internal.get(code)
    if known is None:
        name = code.co_filename
        known = _internal[code] = name.startswith((_PACKAGE, "<tfcompat"))
    return known


def user_frame(depth=1):
    """The innermost frame that is not tfcompat's own."""
    frame = sys._getframe(depth)
    outermost, known = frame, _internal.get
    while frame is not None and (known(code := frame.f_code) or is_internal(code)):
        outermost, frame = frame, frame.f_back
    return frame or outermost


class Site(tuple):
    """(code, instruction offset). Of what is equal there is one, so that a look-up needs no hash of code, which takes 0.15 µs."""

    __slots__ = ()
    __hash__, __eq__, __ne__ = object.__hash__, object.__eq__, object.__ne__


def site_of(code, offset):
    """The Site of an instruction."""
    site = _sites.get((code, offset))
    if site is None:
        if len(_sites) >= MAX_SITES:
            _sites.clear()
        site = _sites[code, offset] = Site((code, offset))
    return site


def call_site():
    """The Site of the user's current line: a stable key for "the same call"."""
    frame = user_frame(2)
    return site_of(frame.f_code, frame.f_lasti)


def describe(site):
    """`file:line` of a call site."""
    if site is None:
        return "unknown line"
    code, lasti = site
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= lasti < end and number is not None:
            line = number
            break
    filename, line = origins.get((code.co_filename, line), (code.co_filename, line))
    return f"{filename}:{line}"
