"""``tf.__internal__``: the part of TensorFlow's private namespace that Keras uses.

Each name is here because Keras's TensorFlow backend asks for it; nothing else belongs here.
"""

from tfcompat.__internal__ import (
    decorator as decorator,
    distribute as distribute,
    eager_context as eager_context,
    smart_cond as smart_cond,
    tracking as tracking,
    types as types,
)
from tfcompat.__internal__.func_graph import FuncGraph as FuncGraph
from tfcompat._core.core_types import CompositeTensor as CompositeTensor
from tfcompat._core.symbolic import EagerTensor as EagerTensor

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
