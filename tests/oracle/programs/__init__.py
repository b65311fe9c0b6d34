"""Programs over gradients, run alike with TensorFlow and with tfcompat: what they return is recorded and compared.

A program takes the namespace and returns data that `show` turns into JSON: numbers may differ in the last bits, strings
(dtypes, texts of errors) may not.
"""

from . import (
    connections,
    custom_gradients,
    forward,
    functions,
    higher_order,
    jacobians,
    linear_operators,
    repeated,
    state,
    tapes,
)
from .shared import PROGRAMS

__all__ = ["PROGRAMS", "connections", "custom_gradients", "forward", "functions", "higher_order", "jacobians", "linear_operators", "repeated", "state", "tapes"]
