"""`tf.Graph`: what was recorded, to be looked at."""

from tfcompat._core.symbolic import Operation, first_slots
from tfcompat._core.trace import _SHIFT


class Graph:
    """The operations of a recorded function.

    Differs from TensorFlow: graphs are made by `tf.function` only; there are no sessions to run others.
    """

    def __init__(self):
        self._trace = None
        self.name = "graph"

    def get_operations(self):
        """The operations, in the order in which they were recorded, those of placeholders first."""
        if self._trace is None:
            return []
        arguments = [Operation(self._trace, -k - _SHIFT) for k in self._trace.argument_names]
        return arguments + [Operation(self._trace, slot) for slot in first_slots(self._trace)]

    def get_operation_by_name(self, name):
        """The operation of that name; KeyError if there is none."""
        for operation in self.get_operations():
            if operation.name == name:
                return operation
        raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")

    def get_tensor_by_name(self, name):
        """The tensor of that name, "operation:output"."""
        operation, _, index = name.partition(":")
        return self.get_operation_by_name(operation).outputs[int(index)]

    def get_name_scope(self):
        """The empty name: names of operations are made when they are asked for."""
        return ""

    @property
    def building_function(self):
        """Whether it is the graph of a function."""
        return self._trace is not None

    def as_default(self):
        """Not available: code is eager, or recorded by `tf.function`. Raises NotImplementedError."""
        raise NotImplementedError("tf.Graph.as_default: leave the graph out, or put the code into a tf.function.")

    def as_graph_def(self, *args, **kwargs):
        """Not available: there are no protocol buffers. Raises NotImplementedError."""
        raise NotImplementedError("Graph.as_graph_def: there are no GraphDefs; use get_operations or "
                                  "Function.experimental_get_compiler_ir.")  # fmt: skip

    def gradient_override_map(self, op_type_map):
        """Not available: gradients belong to functions here. Raises NotImplementedError."""
        raise NotImplementedError("tf.Graph.gradient_override_map: wrap the function in tf.custom_gradient.")


class FuncGraph(Graph):
    """The graph of a function."""

    def __init__(self, name, trace):
        self._trace = trace
        self.name = name

    @property
    def inputs(self):
        return [t for k, t in enumerate(self._trace.leaves) if k in self._trace.argument_names]

    @property
    def outputs(self):
        return list(getattr(self._trace, "function_outputs", ()))

    @property
    def captures(self):
        return []
