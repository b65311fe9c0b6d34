"""``tf.__internal__``: the part of TensorFlow's private namespace that Keras uses.

Each name is here because Keras's TensorFlow backend asks for it; nothing else belongs here.
"""

from tfcompat.__internal__ import decorator as decorator
from tfcompat.__internal__ import distribute as distribute
from tfcompat.__internal__ import eager_context as eager_context
from tfcompat.__internal__ import smart_cond as smart_cond
from tfcompat.__internal__ import tracking as tracking
from tfcompat.__internal__ import types as types
from tfcompat.__internal__.func_graph import FuncGraph as FuncGraph
from tfcompat._core.core_types import CompositeTensor as CompositeTensor
from tfcompat._core.tensor import Tensor as EagerTensor

__all__ = [
    "CompositeTensor",
    "EagerTensor",
    "FuncGraph",
    "decorator",
    "distribute",
    "eager_context",
    "smart_cond",
    "tracking",
    "types",
]
