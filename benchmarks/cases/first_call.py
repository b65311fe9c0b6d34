"""From cold: the first call of a tf.function, a training step of a small perceptron."""

from goals import within

from cases import function

TITLE = "from cold: MLP step in tf.function"
KIND = "cold"
ENGINES = ("tfcompat", "tfcompat-xla", "jax", "tensorflow-function", "tensorflow-xla")
PARTS = ("",)
STEPS, QUICK_STEPS, STEP_NAME, SHOW_FIRST = 20, 20, "step", True
GOALS = {"first call": (within(1, of="tensorflow-function"), within(1.3, of="jax", what="tfcompat-xla"))}


def build(tf, part, decorate=None):
    return function.step(tf, function.SGD, decorate or tf.function)


def build_jax(part):
    return function.build_jax(function.SGD)
