"""The 2-D cross-correlation of a textbook: two Python loops with a sliced assign in the middle."""

import numpy as np
from goals import faster

TITLE = "corr2d as a double loop, 32x32 image, 3x3 kernel"
KIND = "steady"
ENGINES = ("tfcompat", "tensorflow")
PARTS = ("",)
GOALS = {"*": (faster(15),)}


def build(tf, part):
    rng = np.random.default_rng(0)
    image = tf.constant(rng.normal(size=(32, 32)).astype("float32"))
    kernel = tf.constant(rng.normal(size=(3, 3)).astype("float32"))

    def corr2d(x, k):
        h, w = k.shape
        y = tf.Variable(tf.zeros((x.shape[0] - h + 1, x.shape[1] - w + 1)))
        for i in range(y.shape[0]):
            for j in range(y.shape[1]):
                y[i, j].assign(tf.cast(tf.reduce_sum(x[i : i + h, j : j + w] * k), dtype=tf.float32))
        return y

    return lambda: corr2d(image, kernel).numpy()
