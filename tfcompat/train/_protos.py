"""The protocol buffers that are in checkpoints, as plain classes: to their bytes, and from them.

On the wire a message is a sequence of fields: a tag (number * 8 + kind), then a varint (kind 0), four bytes (kind 5) or a
length and as many bytes (kind 2). Fields with their default value are left out; unknown ones are skipped.
"""

from dataclasses import dataclass, field

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(value):
    """The bytes of an unsigned number, seven bits a byte, lowest first."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value >= 128:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def read_varint(data, at):
    """(number, position behind it). IndexError where the data ends."""
    value = shift = 0
    while True:
        octet = data[at]
        at += 1
        value |= (octet & 127) << shift
        if octet < 128:
            return value, at
        shift += 7


def _number(number, value):
    return varint(number << 3 | VARINT) + varint(value) if value else b""


def _bytes(number, value):
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def _text(number, value):
    return _bytes(number, value.encode()) if value else b""


def fields(data):
    """Yields (number, value) of a message's fields: an int, or bytes.

    Raises:
      ValueError: if this is no message.
    """
    at = 0
    try:
        while at < len(data):
            tag, at = read_varint(data, at)
            kind = tag & 7
            if kind == VARINT:
                value, at = read_varint(data, at)
            elif kind == BYTES:
                size, at = read_varint(data, at)
                value, at = bytes(data[at : at + size]), at + size
            elif kind in (FIXED32, FIXED64):
                size = 4 if kind == FIXED32 else 8
                value, at = int.from_bytes(data[at : at + size], "little"), at + size
            else:
                raise ValueError("not a protocol buffer")
            if at > len(data):
                raise ValueError("not a protocol buffer")
            yield tag >> 3, value
    except IndexError:
        raise ValueError("not a protocol buffer") from None


@dataclass
class Header:
    """The first entry of a bundle (BundleHeaderProto): how many data files there are."""

    num_shards: int = 1
    endianness: int = 0

    def to_bytes(self):
        return _number(1, self.num_shards) + _number(2, self.endianness) + _bytes(3, _number(1, 1))

    @classmethod
    def from_bytes(cls, data):
        found = dict(fields(data))
        return cls(found.get(1, 0), found.get(2, 0))


@dataclass
class Entry:
    """Where a tensor is (BundleEntryProto)."""

    dtype: int
    shape: list
    shard_id: int
    offset: int
    size: int
    crc32c: int
    sliced: bool = False

    def to_bytes(self):
        dims = b"".join(_bytes(2, _number(1, size)) for size in self.shape)
        crc = varint(6 << 3 | FIXED32) + self.crc32c.to_bytes(4, "little")
        places = _number(3, self.shard_id) + _number(4, self.offset) + _number(5, self.size)
        return _number(1, self.dtype) + _bytes(2, dims) + places + crc

    @classmethod
    def from_bytes(cls, data):
        found = dict(fields(data))
        shape = [dict(fields(dim)).get(1, 0) for number, dim in fields(found.get(2, b"")) if number == 2]
        places = [found.get(number, 0) for number in (3, 4, 5, 6)]
        return cls(found.get(1, 0), shape, *places, sliced=7 in found)


@dataclass
class Attribute:
    """A tensor of an object: how the object calls it, and its key in the bundle."""

    name: str
    full_name: str
    checkpoint_key: str

    def to_bytes(self):
        return _text(1, self.name) + _text(2, self.full_name) + _text(3, self.checkpoint_key)

    @classmethod
    def from_bytes(cls, data):
        found = dict(fields(data))
        return cls(*(found.get(number, b"").decode() for number in (1, 2, 3)))

    def lines(self):
        for name in ("name", "full_name", "checkpoint_key"):
            if getattr(self, name):
                yield f'  {name}: "{getattr(self, name)}"'


@dataclass
class Slot:
    """A variable that an optimizer of Keras 2 holds for another one."""

    original_variable_node_id: int
    slot_name: str
    slot_variable_node_id: int

    def to_bytes(self):
        return _number(1, self.original_variable_node_id) + _text(2, self.slot_name) + _number(3, self.slot_variable_node_id)

    @classmethod
    def from_bytes(cls, data):
        found = dict(fields(data))
        return cls(found.get(1, 0), found.get(2, b"").decode(), found.get(3, 0))

    def lines(self):
        for name in ("original_variable_node_id", "slot_name", "slot_variable_node_id"):
            value = getattr(self, name)
            if value:
                yield f'  {name}: "{value}"' if isinstance(value, str) else f"  {name}: {value}"


@dataclass
class Child:
    """An edge of the object graph."""

    node_id: int
    local_name: str

    def to_bytes(self):
        return _number(1, self.node_id) + _text(2, self.local_name)

    @classmethod
    def from_bytes(cls, data):
        found = dict(fields(data))
        return cls(found.get(1, 0), found.get(2, b"").decode())

    def lines(self):
        if self.node_id:
            yield f"  node_id: {self.node_id}"
        yield f'  local_name: "{self.local_name}"'


@dataclass
class Node:
    """An object of the graph. `str` is the text that TensorFlow's messages show."""

    children: list = field(default_factory=list)
    attributes: list = field(default_factory=list)
    slot_variables: list = field(default_factory=list)
    saver: bytes = None  # of a class that saves itself
    has_values: bool = None  # None in files of old versions

    def to_bytes(self):
        repeated = ((1, self.children), (2, self.attributes), (3, self.slot_variables))
        listed = b"".join(_bytes(number, part.to_bytes()) for number, parts in repeated for part in parts)
        return listed + _bytes(5, _number(1, self.has_values))

    @classmethod
    def from_bytes(cls, data):
        node = cls()
        for number, value in fields(data):
            if number == 1:
                node.children.append(Child.from_bytes(value))
            elif number == 2:
                node.attributes.append(Attribute.from_bytes(value))
            elif number == 3:
                node.slot_variables.append(Slot.from_bytes(value))
            elif number == 4:
                node.saver = value
            elif number == 5:
                node.has_values = bool(dict(fields(value)).get(1, 0))
        return node

    def __str__(self):
        lines = []
        for name in ("children", "attributes", "slot_variables"):
            for part in getattr(self, name):
                lines += [f"{name} {{", *part.lines(), "}"]
        if self.has_values is not None:
            lines += ["has_checkpoint_values {", *(["  value: true"] if self.has_values else []), "}"]
        return "".join(f"{line}\n" for line in lines)


def graph_to_bytes(nodes):
    """The object graph (TrackableObjectGraph): a list of nodes, the root first."""
    return b"".join(_bytes(1, node.to_bytes()) for node in nodes)


def graph_from_bytes(data):
    """The list of nodes."""
    return [Node.from_bytes(value) for number, value in fields(data) if number == 1]
