"""All programs over tf.function, by importing their modules."""

from oracle import (
    function_flow,
    function_integers,
    function_loops,
    function_ranks,
    function_refusals,
    function_sizes,
    function_sizes_broadcast,
    function_sizes_flow,
    function_slices,
    function_statements,
    function_strings,
    function_tracing,
    function_unneeded,
    function_values,
    function_values_flow,
    function_values_gradients,
    function_values_parts,
)
from oracle.function_programs import PROGRAMS

__all__ = [
    "PROGRAMS",
    "function_flow",
    "function_integers",
    "function_loops",
    "function_ranks",
    "function_refusals",
    "function_sizes",
    "function_sizes_broadcast",
    "function_sizes_flow",
    "function_slices",
    "function_statements",
    "function_strings",
    "function_tracing",
    "function_unneeded",
    "function_values",
    "function_values_flow",
    "function_values_gradients",
    "function_values_parts",
]
