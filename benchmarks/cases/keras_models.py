"""From cold: training steps of models made of Keras layers, with Adam of Keras, eager and in a tf.function."""

import numpy as np
from goals import faster

TITLE = "from cold: training steps of Keras models"
KIND = "cold"
ENGINES = ("tfcompat", "tensorflow")
ATTENTION, RECURRENT, DEPTHWISE = "attention, eager", "LSTM, tf.function", "depthwise convolutions, eager"
PARTS = (ATTENTION, RECURRENT, DEPTHWISE)
STEPS, QUICK_STEPS, STEP_NAME, SHOW_FIRST = 20, 20, "step", False
GOALS = {f"{part}, 20 steps": (faster(1),) for part in PARTS}
WORDS, CLASSES, BATCH = 1000, 10, 16


def _attention(keras):
    x = keras.Input((32,), dtype="int32")
    h = keras.layers.Embedding(WORDS, 64)(x)
    for _ in range(2):
        h = keras.layers.LayerNormalization()(h + keras.layers.MultiHeadAttention(4, 16)(h, h))
        h = keras.layers.LayerNormalization()(h + keras.layers.Dense(64)(keras.layers.Dense(128, activation="relu")(h)))
    return keras.Model(x, keras.layers.Dense(CLASSES)(keras.layers.GlobalAveragePooling1D()(h)))


def _recurrent(keras):
    x = keras.Input((40,), dtype="int32")
    h = keras.layers.LSTM(64, return_sequences=True)(keras.layers.Embedding(WORDS, 64)(x))
    return keras.Model(x, keras.layers.Dense(CLASSES)(keras.layers.LSTM(64)(h)))


def _depthwise(keras):
    x = h = keras.Input((32, 32, 3))
    for width, strides in ((32, 2), (64, 1), (64, 2), (128, 1)):
        h = keras.layers.DepthwiseConv2D(3, strides, "same", use_bias=False)(h)
        h = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(h))
        h = keras.layers.BatchNormalization()(keras.layers.Conv2D(width, 1, use_bias=False)(h))
    return keras.Model(x, keras.layers.Dense(CLASSES)(keras.layers.GlobalAveragePooling2D()(h)))


MODELS = {ATTENTION: _attention, RECURRENT: _recurrent, DEPTHWISE: _depthwise}


def build(tf, part):
    model = MODELS[part](tf.keras)
    rng = np.random.default_rng(0)
    shape = (BATCH, *model.input_shape[1:])
    x = rng.normal(size=shape).astype("float32") if part == DEPTHWISE else rng.integers(0, WORDS, shape).astype("int32")
    x, labels = tf.constant(x), tf.constant(rng.integers(0, CLASSES, BATCH))
    model.set_weights([(rng.normal(size=w.shape) * 0.1 + (w.ndim == 1)).astype("float32") for w in model.get_weights()])
    optimizer = tf.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)

    def train(x, labels):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=model(x, training=True))
            loss = tf.reduce_mean(losses)
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True))
        return loss

    step = tf.function(train) if part == RECURRENT else train
    return lambda: step(x, labels).numpy()
