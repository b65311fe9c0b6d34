"""A recorded function applied to all elements at once (`tf.vectorized_map`, `GradientTape.jacobian`)."""

import functools

import jax

from tfcompat._core.avals import aval
from tfcompat._core.body import BodySpec
from tfcompat._core.spec import native_function


class VectorizedSpec(BodySpec):
    """A body under `jax.vmap`.

    Args:
      axes: for each input 0 if it has a first dimension to map over, else None.
      count: the size of that dimension.
    """

    __slots__ = ("axes", "count", "native")

    def __init__(self, body, axes, count, input_avals):
        outs = [aval((count, *a.shape), a.np_dtype) for a in body.avals]
        self._setup("VectorizedMap", input_avals, outs, body.coded, body.cost * count, body.equations)
        self.body, self.axes, self.count, self.stateful = body, axes, count, body.stateful
        self._evaluate = self.run
        self.ruled = functools.partial(self.run, ruled=True)
        self._host = self._run_host
        self.native = None
        self.depends = [*body.depends, 0] if body.coded else body.depends

    def resized(self, resizing, avals):
        body = self.body.resized(resizing, [resizing.aval(a) for a in self.body.input_avals])
        return VectorizedSpec(body, self.axes, resizing.size(self.count), avals)

    def run(self, *arrays, ruled=False):
        mapped = jax.vmap(functools.partial(self.body.run, ruled=ruled), self.axes, axis_size=self.count)
        outs = list(mapped(*arrays))
        if self.coded:
            outs[-1] = outs[-1].max()
        return outs

    def _run_host(self, *arrays):
        if self.native is None:
            self.native = native_function(self.jaxpr)
        return self.native(*arrays)

    def explain(self, *arrays):
        try:
            for i in range(self.count):
                self.body.host(*[a[i] if axis == 0 else a for a, axis in zip(arrays, self.axes, strict=True)])
        except Exception as error:  # noqa: BLE001 - the error is what is asked for
            return error
        return super().explain()

