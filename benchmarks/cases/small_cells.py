"""From cold: thirty different cells of a notebook, each run once, each printing what it found."""

import numpy as np
from goals import faster, within

TITLE = "from cold: 30 different small cells, each run once"
KIND = "cold"
ENGINES = ("tfcompat", "tensorflow", "tfcompat-compiled")
PARTS = ("",)
STEPS, QUICK_STEPS, STEP_NAME, SHOW_FIRST = 30, 30, "cell", False
GOALS = {"30 cells": (within(1.5), faster(5, than="tfcompat-compiled"))}


def build(tf, part):
    cells = iter(_cells(tf))
    return lambda: next(cells)()


def _cells(tf):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(6, 4)).astype("float32")
    picture = rng.random((12, 12)).astype("float32")
    cells = []

    @cells.append
    def first_tensor():
        print(tf.constant([[1.0, 2.0], [3.0, 4.0]]))

    @cells.append
    def arithmetic():
        a, b = tf.constant([1.0, 2.0, 3.0]), tf.constant([4.0, 5.0, 6.0])
        print(a + b, a * b - 1, a / b, a**2)

    @cells.append
    def slicing():
        x = tf.constant(table)
        print(x[1:3], x[:, -1], x[::2, 1:], x[..., tf.newaxis].shape)

    @cells.append
    def reductions():
        x = tf.constant(table)
        print(tf.reduce_sum(x), tf.reduce_mean(x, axis=0), tf.reduce_max(x, axis=1))

    @cells.append
    def matrix_product():
        x = tf.constant(table)
        print(tf.matmul(x, x, transpose_b=True))

    @cells.append
    def first_gradient():
        x = tf.Variable(3.0)
        with tf.GradientTape() as tape:
            y = x * x + 2.0 * x
        print(tape.gradient(y, x))

    @cells.append
    def reshaping():
        x = tf.range(24)
        print(tf.transpose(tf.reshape(x, (2, 3, 4)), (1, 0, 2)))

    @cells.append
    def softmax_by_hand():
        x = tf.constant(table)
        e = tf.exp(x - tf.reduce_max(x, axis=1, keepdims=True))
        print((e / tf.reduce_sum(e, axis=1, keepdims=True)).numpy().round(3))

    @cells.append
    def softmax():
        print(tf.nn.softmax(tf.constant(table), axis=-1))

    @cells.append
    def distances():
        x = tf.constant(table)
        d = tf.reduce_sum(tf.square(x[:, None, :] - x[None, :, :]), axis=-1)
        print(tf.sqrt(d + 1e-9))

    @cells.append
    def one_hot():
        labels = tf.constant([0, 2, 1, 2])
        print(tf.one_hot(labels, 3), tf.argmax(tf.one_hot(labels, 3), axis=1))

    @cells.append
    def masking():
        x = tf.constant(table)
        print(tf.where(x > 0, x, tf.zeros_like(x)), tf.reduce_any(x > 2.0))

    @cells.append
    def joining():
        a, b = tf.constant([[1, 2]]), tf.constant([[3, 4]])
        print(tf.concat([a, b], axis=0), tf.stack([a, b]), tf.tile(a, [2, 2]))

    @cells.append
    def casting():
        print(tf.cast(tf.constant([1.7, -2.3]), tf.int32), tf.cast([1, 0, 3], tf.bool))

    @cells.append
    def gathering():
        print(tf.gather(tf.constant(table), [0, 3, 5]), tf.gather(tf.constant(table), [1, 2], axis=1))

    @cells.append
    def variable_update():
        v = tf.Variable([1.0, 2.0, 3.0])
        v.assign_add([0.1, 0.1, 0.1])
        v[1].assign(9.0)
        print(v)

    @cells.append
    def linear_fit():
        x, y = tf.constant(table[:, :1]), tf.constant(table[:, 1:2])
        w, b = tf.Variable([[0.0]]), tf.Variable([0.0])
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(x @ w + b - y))
            dw, db = tape.gradient(loss, [w, b])
            w.assign_sub(0.1 * dw)
            b.assign_sub(0.1 * db)
        print(w.numpy(), b.numpy(), float(loss))

    @cells.append
    def activations():
        x = tf.linspace(-2.0, 2.0, 9)
        print(tf.nn.relu(x), tf.sigmoid(x), tf.tanh(x))

    @cells.append
    def clipping():
        print(tf.clip_by_value(tf.constant(table), -0.5, 0.5), tf.maximum(table, 0.0), tf.abs(table))

    @cells.append
    def normalise():
        x = tf.constant(table)
        mean = tf.reduce_mean(x, axis=0)
        deviation = tf.math.reduce_std(x, axis=0)
        print((x - mean) / deviation)

    @cells.append
    def second_order():
        x = tf.Variable(2.0)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = x**3
            slope = inner.gradient(y, x)
        print(slope, outer.gradient(slope, x))

    @cells.append
    def edges():
        x = tf.constant(picture)
        print(tf.reduce_sum(tf.abs(x[1:, :] - x[:-1, :])), tf.reduce_sum(tf.abs(x[:, 1:] - x[:, :-1])))

    @cells.append
    def batched_product():
        x = tf.constant(rng.normal(size=(3, 4, 5)).astype("float32"))
        print((x @ tf.transpose(x, (0, 2, 1))).shape, tf.norm(x))

    @cells.append
    def counting():
        x = tf.constant([3, 1, 2, 3, 3, 0])
        print(tf.reduce_sum(tf.cast(tf.equal(x, 3), tf.int32)), tf.cumsum(x))

    @cells.append
    def cross_entropy():
        logits, labels = tf.constant(table), tf.constant([0, 1, 2, 3, 0, 1])
        print(tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)))

    @cells.append
    def python_values():
        total = tf.constant(0.0)
        for value in (1.0, 2.5, 4.0):
            if float(total) < 3:
                total += value
        print(f"{total.numpy():.2f}", int(tf.constant(7) // 2), bool(tf.reduce_all(tf.constant([True, True]))))

    @cells.append
    def padding():
        x = tf.constant([[1, 2], [3, 4]])
        print(tf.pad(x, [[1, 1], [0, 2]]), tf.expand_dims(x, 0).shape, tf.squeeze(tf.ones((1, 3, 1))))

    @cells.append
    def watched_constant():
        x = tf.constant([[0.0], [1.0], [2.0], [3.0]])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.matmul(tf.transpose(x), x)
        print(tape.gradient(y, [x]))

    @cells.append
    def logarithms():
        x = tf.constant([0.5, 1.0, 2.0])
        print(tf.math.log(x), tf.math.log1p(x), tf.exp(-x), tf.math.reduce_logsumexp(x))

    @cells.append
    def power_iteration():
        a = tf.constant(table.T @ table)
        v = tf.ones((4, 1))
        for _ in range(10):
            v = a @ v
            v = v / tf.norm(v)
        print(tf.squeeze(tf.transpose(v) @ a @ v).numpy())

    return cells
