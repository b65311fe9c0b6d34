"""Which signatures with unknown dimensions cover the key of a call: nested tuples whose tensors are ("tensor", dtype, shape)."""

from tfcompat._core.shapes import TensorShape


def covering(specs, key):
    """(the generalised signature that covers a key, whether it is new)."""
    for spec in specs:
        if _covers(spec, key):
            return spec, False
    for i in range(len(specs) - 1, -1, -1):
        merged = _merge(specs[i], key)
        if merged is not None:
            specs[i] = merged
            return merged, True
    specs.append(shape_key(key))
    return specs[-1], True


def narrowest(wide, key):
    """The recording of the narrowest signature that covers a key, or None."""
    fitting = [(spec, concrete) for spec, concrete in wide if _covers(spec, key)]
    if not fitting:
        return None
    return min(fitting, key=lambda pair: sum([99 if s is None else s.count(None) for s in tensor_shapes(pair[0])]))[1]


def tensor_shapes(spec):
    """The shapes of the tensors in a generalised signature, in order."""
    if len(spec) == 3 and spec[0] == "tensor":
        return [spec[2]]
    return [s for part in spec if type(part) is tuple for s in tensor_shapes(part)]


def shape_key(part):
    if hasattr(part, "np_dtype"):
        return ("tensor", part.dtype, part.shape)
    if type(part) is tuple and len(part) == 2 and hasattr(part[0], "np_dtype") and isinstance(part[1], TensorShape):
        return ("tensor", part[0].dtype, part[1].rank and tuple(part[1].as_list()))
    return tuple([shape_key(p) for p in part]) if type(part) is tuple else part


def _covers(spec, key):
    return _merge(spec, key) == spec


def _merge(spec, key):
    """The narrowest signature that covers both, or None."""
    key = shape_key(key) if not (type(key) is tuple and key and key[0] == "tensor") else key
    if type(spec) is not type(key):
        return None
    if type(spec) is not tuple:
        return spec if spec == key else None
    if len(spec) == 3 and spec[0] == "tensor":
        if key[:2] != spec[:2]:
            return None
        a, b = spec[2], key[2]
        if a is None or b is None or len(a) != len(b):
            return ("tensor", spec[1], None)
        return ("tensor", spec[1], tuple([m if m == n else None for m, n in zip(a, b, strict=True)]))
    if len(spec) != len(key):
        return None
    parts = [_merge(s, k) for s, k in zip(spec, key, strict=True)]
    return None if any(p is None and s is not None for p, s in zip(parts, spec, strict=True)) else tuple(parts)
