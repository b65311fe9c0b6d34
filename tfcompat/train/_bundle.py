"""Tensor bundles, the files of a checkpoint: PREFIX.index says where each tensor is in PREFIX.data-00000-of-00001.

The index is a sorted table as LevelDB has them: blocks of entries whose keys share prefixes, a block that lists the blocks,
and a footer. Every block and every tensor has a checksum.
"""

import contextlib
import math
import os
import struct
import tempfile

import numpy as np

from tfcompat._core import dtypes, errors
from tfcompat.train._crc32c import crc32c, masked, unmasked
from tfcompat.train._protos import Entry, Header, read_varint, varint

MAGIC = 0xDB4775248B80FB57
BLOCK_BYTES = 1 << 18
RESTART = 16  # entries that share prefixes

_NO_FILES = "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {prefix}"
_UNREADABLE = (
    "Unable to read file ({path}). Perhaps the file is corrupt or was produced by a newer version of TensorFlow with "
    "format changes ({why})"
)
_CHECKSUM = "TensorBundle at {prefix} shard {shard} ({size} bytes): Checksum does not match: stored {stored} vs. calculated on the restored bytes {found}"
_NO_KEY = "Key {key} not found in checkpoint"
_SLICED = "Sliced checkpoints are not supported: {key}"
_DTYPE = "tfcompat cannot read the dtype {dtype} of {key} in {prefix}"


def write(prefix, tensors):
    """Writes a bundle. The index comes last: a checkpoint is there when its index is.

    Args:
      prefix: what the files' names begin with; directories are made.
      tensors: dict from key to NumPy array, of strings an object array of bytes; data is written in its order.
    """
    directory = os.path.dirname(prefix) or "."
    os.makedirs(directory, exist_ok=True)
    entries = {b"": Header().to_bytes()}
    with replacing(f"{prefix}.data-00000-of-00001") as file:
        for key, array in tensors.items():
            shape, offset = list(array.shape), file.tell()
            if array.dtype == object:
                enum, size, crc = dtypes.string.as_datatype_enum, *_write_strings(file, array)
            else:
                array = np.ascontiguousarray(array)
                octets = array.reshape(-1).view(np.uint8)
                enum, size, crc = dtypes.as_dtype(array.dtype).as_datatype_enum, array.nbytes, crc32c(octets)
                file.write(octets)
            entries[key.encode()] = Entry(enum, shape, 0, offset, size, masked(crc)).to_bytes()
    with replacing(f"{prefix}.index") as file:
        _write_table(file, entries)


@contextlib.contextmanager
def replacing(path):
    """A new file that takes the name when it is complete."""
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(path) or ".", prefix=f"{os.path.basename(path)}.", delete=False) as file:
        try:
            yield file
        except BaseException:
            os.unlink(file.name)
            raise
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(file.name, 0o666 & ~mask)
    os.replace(file.name, path)


def _write_strings(file, array):
    """All lengths, their checksum, all contents; the entry's checksum takes the lengths as fixed numbers."""
    strings = [s if isinstance(s, bytes) else s.encode() for s in array.reshape(-1)]
    fixed = b"".join(struct.pack("<I" if len(s) < 1 << 32 else "<Q", len(s)) for s in strings)
    check = struct.pack("<I", masked(crc32c(fixed)))
    whole = b"".join([*(varint(len(s)) for s in strings), check, *strings])
    file.write(whole)
    return len(whole), crc32c(b"".join([fixed, check, *strings]))


def _write_table(file, entries):
    """A table: its blocks are listed under keys that are as short as they can be, between this block's and the next's."""
    index, block = [], _Block()
    for key, value in sorted(entries.items()):
        if block.size() >= BLOCK_BYTES:
            index.append((_between(block.last, key), block.write(file)))
            block = _Block()
        block.add(key, value)
    index.append((_behind(block.last), block.write(file)))
    meta = _Block().write(file)
    listing = _Block(restart=1)
    for key, handle in index:
        listing.add(key, handle)
    footer = meta + listing.write(file)
    file.write(footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC))


def _between(low, high):
    same = len(os.path.commonprefix([low, high]))
    shortened = same < len(low) and low[same] + 1 < high[same]
    return low[:same] + bytes([low[same] + 1]) if shortened else low


def _behind(key):
    for i, octet in enumerate(key):
        if octet < 255:
            return key[:i] + bytes([octet + 1])
    return key


class _Block:
    def __init__(self, restart=RESTART):
        self.restart = restart
        self.data, self.restarts = bytearray(), [0]
        self.count, self.last = 0, b""

    def size(self):
        return len(self.data) + 4 * len(self.restarts) + 4

    def add(self, key, value):
        shared = 0
        if self.count and self.count % self.restart == 0:
            self.restarts.append(len(self.data))
        elif self.count:
            shared = len(os.path.commonprefix([self.last, key]))
        self.data += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        self.last = key
        self.count += 1

    def write(self, file):
        """Appends the block. Returns its handle: position and size."""
        content = bytes(self.data) + struct.pack(f"<{len(self.restarts) + 1}I", *self.restarts, len(self.restarts))
        at = file.tell()
        file.write(content + b"\0" + struct.pack("<I", masked(crc32c(content + b"\0"))))
        return varint(at) + varint(len(content))


class Reader:
    """A bundle that is read: the index at once, a tensor when it is asked for.

    Args:
      prefix: what the files' names begin with.

    Raises:
      NotFoundError: there is no such checkpoint.
      DataLossError: the index is damaged.
    """

    def __init__(self, prefix):
        self.prefix = prefix
        path = f"{prefix}.index"
        try:
            with open(path, "rb") as file:
                data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            raise errors.NotFoundError(None, None, _NO_FILES.format(prefix=prefix)) from None
        try:
            found = dict(_read_table(data))
            header = Header.from_bytes(found.pop(b""))
            self.entries = {key.decode(): Entry.from_bytes(value) for key, value in sorted(found.items())}
        except (ValueError, IndexError, KeyError, struct.error) as error:
            raise errors.DataLossError(None, None, _UNREADABLE.format(path=path, why=error)) from None
        if header.endianness:
            raise NotImplementedError(f"{path}: checkpoints of big-endian machines are not supported by tfcompat.")
        self.num_shards = header.num_shards

    def entry(self, key):
        """Where a tensor is. Raises NotFoundError."""
        found = self.entries.get(key)
        if found is None:
            raise errors.NotFoundError(None, None, _NO_KEY.format(key=key))
        return found

    def dtype(self, key):
        return dtypes.DType(self.entry(key).dtype)

    def read(self, key):
        """A tensor as a NumPy array (of strings: of objects).

        Raises:
          NotFoundError: there is none of that name.
          DataLossError: the data file is missing, too short, or damaged.
        """
        entry = self.entry(key)
        if entry.sliced:
            raise errors.UnimplementedError(None, None, _SLICED.format(key=key))
        path = f"{self.prefix}.data-{entry.shard_id:05d}-of-{self.num_shards:05d}"
        try:
            with open(path, "rb") as file:
                file.seek(entry.offset)
                octets = np.fromfile(file, np.uint8, entry.size)
        except OSError as error:
            raise errors.DataLossError(None, None, f"{path}; {error.strerror}") from None
        if octets.size < entry.size:
            raise errors.DataLossError(None, None, f"{path}: Read less bytes than requested")
        try:
            if entry.dtype == dtypes.string.as_datatype_enum:
                array, crc = _read_strings(octets.tobytes(), math.prod(entry.shape))
            else:
                array, crc = octets.view(np.dtype(self.dtype(key).as_numpy_dtype)), crc32c(octets)
        except (TypeError, KeyError):
            raise errors.InternalError(None, None, _DTYPE.format(dtype=entry.dtype, key=key, prefix=self.prefix)) from None
        except (IndexError, struct.error):
            array = crc = None
        if crc != unmasked(entry.crc32c):
            text = _CHECKSUM.format(prefix=self.prefix, shard=entry.shard_id, size=entry.size, stored=unmasked(entry.crc32c), found=crc)
            raise errors.DataLossError(None, None, text)
        return array.reshape(entry.shape)


def _read_strings(data, count):
    at, lengths = 0, []
    for _ in range(count):
        length, at = read_varint(data, at)
        lengths.append(length)
    fixed = b"".join(struct.pack("<I" if length < 1 << 32 else "<Q", length) for length in lengths)
    check, start = data[at : at + 4], at + 4
    found = np.empty(count, object)
    for i, length in enumerate(lengths):
        at, start = start, start + length
        found[i] = data[at:start]
    return found, crc32c(b"".join([fixed, check, *found]))


def _read_table(data):
    if len(data) < 48 or struct.unpack("<Q", data[-8:])[0] != MAGIC:
        raise ValueError("not an sstable (bad magic number)")
    at = len(data) - 48
    for _ in range(2):  # the first handle is of a block without entries
        _, at = read_varint(data, at)
    handle = data[at:]
    for _, block in _read_block(data, handle):
        yield from _read_block(data, block)


def _read_block(data, handle):
    start, at = read_varint(handle, 0)
    size, at = read_varint(handle, at)
    end = start + size
    if data[end] != 0:
        raise ValueError("the index is compressed")
    if crc32c(data[start : end + 1]) != unmasked(struct.unpack("<I", data[end + 1 : end + 5])[0]):
        raise ValueError("block checksum mismatch")
    (restarts,) = struct.unpack("<I", data[end - 4 : end])
    at, end, key = start, end - 4 - 4 * restarts, b""
    while at < end:
        shared, at = read_varint(data, at)
        fresh, at = read_varint(data, at)
        length, at = read_varint(data, at)
        key = key[:shared] + data[at : at + fresh]
        at += fresh
        yield key, data[at : at + length]
        at += length
