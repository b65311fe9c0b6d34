"""The annotations of an op's tensor parameters, and its arguments in the order of its signature."""

from tfcompat._core import dtypes


class Data:
    """Annotation of a tensor argument. Arguments with the same letter have the same dtype.

    Args:
      letter: name of the dtype variable.
      default: dtype that Python data gets when no tensor decides it.
      only: the one dtype that the argument takes (Python data that does not fit it raises TypeError).
    """

    many = False

    def __init__(self, letter, default=None, only=None):
        self.letter = letter
        self.default = default
        self.only = only


class Many(Data):
    """Annotation of a list of tensors, all of the dtype `letter`."""

    many = True


T, U, V = Data("T"), Data("U"), Data("V")
Index = Data("Tidx", dtypes.int32)


def arrange(parameters, data, attrs, count):
    """Arguments of an op's body in the order of its signature."""
    data, attrs = iter(data), iter(attrs)
    arguments = []
    for _, annotation in parameters:
        if isinstance(annotation, Data):
            arguments.append([next(data) for _ in range(count)] if annotation.many else next(data))
        else:
            arguments.append(next(attrs))
    return arguments
