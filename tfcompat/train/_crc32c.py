"""CRC-32C (Castagnoli) of bytes, computed for many words at a time with NumPy.

A CRC is linear: with a register that starts at zero, the CRC of a message is the sum (xor) over its words of "this word,
advanced by as many zero bytes as follow". So the words are laid out in rows of LANES; a row is added to the rows before
it, which are advanced by a row's length as a whole; in the end halves of the lanes are added to each other. Advancing is
linear, too: by tables, one for each byte (or half) of the register.
"""

import functools

import numpy as np

POLYNOMIAL = np.uint32(0x82F63B78)  # bits reversed
MASK = 0xA282EAD8
LANES = 4096  # words a row: 16 kB, and two tables of 256 kB, stay in a core's cache


@functools.cache
def _advance(log_bytes):
    """What 2**log_bytes zero bytes make of each bit of the register: 32 numbers."""
    if log_bytes == 0:
        columns = np.uint32(1) << np.arange(32, dtype=np.uint32)
        for _ in range(8):
            columns = (columns >> np.uint32(1)) ^ np.where(columns & np.uint32(1), POLYNOMIAL, np.uint32(0))
        return columns
    half = _tables(log_bytes - 1)
    return _apply(half, _apply(half, np.uint32(1) << np.arange(32, dtype=np.uint32)))


def _spanned(columns):
    """The sums of all subsets of columns."""
    table = np.zeros(1, np.uint32)
    for column in columns:
        table = np.concatenate([table, table ^ column])
    return table


@functools.cache
def _tables(log_bytes):
    return [_spanned(_advance(log_bytes)[start : start + 8]) for start in range(0, 32, 8)]


@functools.cache
def _wide_tables(log_bytes):
    columns = _advance(log_bytes)
    return _spanned(columns[:16]), _spanned(columns[16:])


def _apply(tables, registers):
    octets = np.ascontiguousarray(registers, "<u4").view(np.uint8).reshape(-1, 4)
    first, second, third, fourth = tables
    return first[octets[:, 0]] ^ second[octets[:, 1]] ^ third[octets[:, 2]] ^ fourth[octets[:, 3]]


def crc32c(data):
    """The CRC of bytes or an array's memory, an int."""
    octets = np.frombuffer(data, np.uint8) if isinstance(data, (bytes, bytearray, memoryview)) else data
    octets = octets.reshape(-1).view(np.uint8)
    length = octets.size
    if not length:
        return 0
    words = -(-length // 4)
    lanes = min(LANES, 1 << (words - 1).bit_length())
    head = length % (4 * lanes) or 4 * lanes  # of the first row, which zeros in front make as long as the others
    first = np.zeros(4 * lanes + 4, np.uint8)
    first[4 * lanes - head : 4 * lanes] = octets[:head]
    # A register that starts at ones is one that starts at zero and the first 32 bits turned; short data: the end's, too.
    first[4 * lanes - head : 4 * lanes - head + 4] ^= 0xFF
    carried = int(first[4 * lanes :].view("<u4")[0])
    registers = first[: 4 * lanes].view("<u4").astype(np.uint32)
    rest = octets[head:]
    if rest.size:
        low, high = _wide_tables(2 + LANES.bit_length() - 1)
        rows = (rest if rest.ctypes.data % 4 == 0 else rest.copy()).view("<u4").reshape(-1, lanes)
        if head < 4:  # the turned bits reach into the second row
            rows = rows.copy()
            rows[0, 0] ^= np.uint32(carried)
            carried = 0
        for row in rows:
            halves = registers.view("<u2").reshape(-1, 2)
            registers = low[halves[:, 0]] ^ high[halves[:, 1]] ^ row
    while lanes > 1:
        lanes //= 2
        registers = _apply(_tables(1 + lanes.bit_length()), registers[:lanes]) ^ registers[lanes:]
    return int(_apply(_tables(2), registers)[0]) ^ carried ^ 0xFFFFFFFF


def masked(crc):
    """The form in which CRCs are stored, so that one can be taken of data that holds CRCs."""
    return ((crc >> 15 | crc << 17) + MASK) & 0xFFFFFFFF


def unmasked(stored):
    """The CRC of a stored one."""
    turned = (stored - MASK) & 0xFFFFFFFF
    return (turned >> 17 | turned << 15) & 0xFFFFFFFF
