"""The local derivative of an op in a formula, for the ops that most programs consist of."""

# y: the result, dy: its cotangent, a, b: the inputs. What is broadcast is summed again, which the formulas leave out.
FORMULAS = {
    "AddV2": ["dy", "dy"], "Sub": ["dy", "-dy"], "Mul": ["dy * b", "dy * a"], "RealDiv": ["dy / b", "-dy * a / b**2"],
    "Neg": ["-dy"], "Square": ["2 * a * dy"], "SquaredDifference": ["2 * (a - b) * dy", "-2 * (a - b) * dy"],
    "Pow": ["dy * b * a**(b - 1)", "dy * y * log(a)"], "Sqrt": ["dy / (2 * y)"], "Rsqrt": ["-dy * y**3 / 2"],
    "Exp": ["dy * y"], "Log": ["dy / a"], "Log1p": ["dy / (1 + a)"], "Sin": ["dy * cos(a)"], "Cos": ["-dy * sin(a)"],
    "Tanh": ["dy * (1 - y**2)"], "Sigmoid": ["dy * y * (1 - y)"], "Relu": ["dy where y > 0, else 0"],
    "Softplus": ["dy * sigmoid(a)"], "Abs": ["dy * sign(a)"], "Maximum": ["dy where a >= b", "dy where b > a"],
    "Minimum": ["dy where a <= b", "dy where b < a"], "MatMul": ["dy @ transpose(b)", "transpose(a) @ dy"],
    "Sum": ["dy, repeated"], "Mean": ["dy / number of elements, repeated"], "Reshape": ["dy, reshaped back"],
    "Transpose": ["dy, transposed back"], "Identity": ["dy"], "ReadVariableOp": ["dy"], "Cast": ["dy, cast back"],
    "Softmax": ["(dy - sum(dy * y)) * y"], "ConcatV2": ["its part of dy"], "Pack": ["its part of dy"],
    "SelectV2": ["no gradient", "dy where the condition holds", "dy where it does not"], "ExpandDims": ["dy, squeezed"],
    "Squeeze": ["dy, expanded"], "BiasAdd": ["dy", "sum of dy over all but the channel"], "AddN": ["dy", "dy"],
    "Max": ["dy, shared by the elements that are largest"], "Min": ["dy, shared by the elements that are smallest"],
    "Prod": ["dy * y / a"], "BroadcastTo": ["dy, summed"], "StridedSlice": ["dy at its place, 0 elsewhere"],
}  # fmt: skip


def formula(name, position):
    """What an input's cotangent is, as text, or None where the jaxpr has to do."""
    known = FORMULAS.get(name)
    return known[position] if known is not None and position < len(known) else None
