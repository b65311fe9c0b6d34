"""`tf.DeviceSpec`: the parts of a device's name."""

_PARTS = ("job", "replica", "task", "device_type", "device_index")
_KINDS = ("CPU", "GPU", "TPU", "CUSTOM", "EPU")


def _number(value):
    return None if value is None else int(value)


def _parsed(spec):
    """The parts that a name gives, by name."""
    parts = dict.fromkeys(_PARTS)
    for piece in (spec or "").split("/"):
        head, *rest = piece.split(":")
        if head in ("job", "replica", "task") and len(rest) == 1:
            parts[head] = rest[0]
            continue
        kind = rest[0] if head == "device" and len(rest) == 2 else head.upper()
        if kind in _KINDS and len(rest) < 2 or head == "device" and len(rest) == 2:
            if parts["device_type"] is not None:
                raise ValueError(f"Multiple device types are not allowed while parsing the device spec: {spec}.")
            parts["device_type"] = kind
            if rest and rest[-1] != "*":
                parts["device_index"] = int(rest[-1])
        elif head:
            raise ValueError(f"Unknown attribute '{head}' is encountered while parsing the device spec: '{spec}'.")
    return parts


class DeviceSpec:
    """A device, or a set of them, by the parts of its name. What is None is left open.

    Args:
      job: name of the job.
      replica, task: integers.
      device_type: such as "CPU" or "GPU".
      device_index: an integer.

    Raises:
      ValueError: a number that is none.
    """

    __slots__ = ("_parts",)

    def __init__(self, job=None, replica=None, task=None, device_type=None, device_index=None):
        kind = device_type.upper() if device_type in ("cpu", "gpu") else device_type
        self._parts = (None if job is None else str(job), _number(replica), _number(task),
                       None if kind is None else str(kind), _number(device_index))  # fmt: skip

    job = property(lambda self: self._parts[0], doc="Name of the job, or None.")
    replica = property(lambda self: self._parts[1], doc="Number of the replica, or None.")
    task = property(lambda self: self._parts[2], doc="Number of the task, or None.")
    device_type = property(lambda self: self._parts[3], doc='Such as "GPU", or None.')
    device_index = property(lambda self: self._parts[4], doc="Number of the device, or None.")

    @classmethod
    def from_string(cls, spec):
        """The DeviceSpec of a name.

        Args:
          spec: such as "/job:worker/task:0/device:GPU:1" or "/gpu:1".

        Raises:
          ValueError: no such name.
        """
        return cls(**_parsed(spec))

    def parse_from_string(self, spec):
        """See `from_string`; this object stays as it is."""
        return self.from_string(spec)

    def to_string(self):
        """The name, such as "/job:worker/task:0/device:GPU:1"."""
        job, replica, task, kind, index = self._parts
        numbered = [("job", job), ("replica", replica), ("task", task)]
        pieces = [f"/{name}:{value}" for name, value in numbered if value is not None]
        if kind is not None:
            pieces.append(f"/device:{kind}:{'*' if index is None else index}")
        return "".join(pieces)

    def make_merged_spec(self, dev):
        """A DeviceSpec of the parts of `dev`, and of this one's where `dev` leaves them open.

        Args:
          dev: a DeviceSpec.
        """
        return type(self)(*[other if other is not None else own for own, other in zip(self._parts, dev._parts, strict=True)])

    def replace(self, **kwargs):
        """A DeviceSpec with some parts changed.

        Args:
          **kwargs: parts by name.
        """
        return type(self)(**{**dict(zip(_PARTS, self._parts, strict=True)), **kwargs})

    def __eq__(self, other):
        return isinstance(other, DeviceSpec) and self.to_string() == other.to_string()

    def __hash__(self):
        return hash(self.to_string())

    def __repr__(self):
        parts = ", ".join(f"{name}={value}" for name, value in zip(_PARTS, self._parts, strict=True))
        return f"<DeviceSpec({parts})>"
