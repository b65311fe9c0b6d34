"""Gives Tensor and Variable the operators and methods that are ops."""

from tfcompat import _gather, _operators, _slicing, _sparse_gradients, _variable_methods
from tfcompat._core import specs
from tfcompat._core.convert import convert_to_tensor
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.tape import GradientTape
from tfcompat._core.tensor import Tensor
from tfcompat._core.variable import Variable


def _graph(self, target, sources):
    """The recorded graph of `target` and its reverse walk to `sources` as plain data; see `tfcompat.debug.draw`."""
    from tfcompat._view.drawing import draw

    return draw(target, sources, self).graph


_operators.install(Tensor)
_operators.install(Variable)
Tensor.__getitem__ = _slicing.getitem
_variable_methods.install(Variable)
for _kernel in (_gather.gather_v2, _gather.gather_rows):
    _kernel.op.sparse_grad = _sparse_gradients.of_gather
for _kernel in (_gather.gather_at, _gather.gather_at_rows):
    _kernel.op.sparse_grad = _sparse_gradients.of_gather_nd
for _op, _rule in _sparse_gradients.PASSED_ON.items():
    _op.slices_grad = _rule
GradientTape.graph = _graph
specs.set_value_types(tensor=Tensor, variable=Variable, indexed_slices=IndexedSlices)
specs.set_tensor_converter(convert_to_tensor)
