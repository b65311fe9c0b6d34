"""From cold: an attention block that writes a text. Every step sees one more row, so no shape comes twice."""

import numpy as np
from goals import within

TITLE = "from cold: growing attention block"
KIND = "cold"
ENGINES = ("tfcompat", "tensorflow")
PARTS = ("without gradient", "with gradient")
STEPS, QUICK_STEPS, STEP_NAME, SHOW_FIRST = 64, 64, "step", False
GOALS = {f"{part}, 64 steps": (within(2),) for part in PARTS}
WIDTH, TOKENS = 64, 100


def build(tf, part):
    rng = np.random.default_rng(0)

    def variable(*shape):
        return tf.Variable((rng.normal(size=shape) * shape[0] ** -0.5).astype("float32"))

    embedding = variable(TOKENS, WIDTH)
    query, key, value, output = (variable(WIDTH, WIDTH) for _ in range(4))
    parameters = [embedding, query, key, value, output]
    text = tf.gather(embedding, [1])

    def block(x):
        scores = tf.matmul(x @ query, x @ key, transpose_b=True) / WIDTH**0.5
        mixed = tf.nn.softmax(scores) @ (x @ value)
        return x + tf.nn.relu(mixed @ output)

    def logits_of(x):
        return tf.matmul(block(x)[-1:], embedding, transpose_b=True)

    def write():
        nonlocal text
        token = tf.argmax(logits_of(text), axis=-1)
        text = tf.concat([text, tf.gather(embedding, token)], axis=0)
        return token.numpy()

    def learn():
        nonlocal text
        with tf.GradientTape() as tape:
            logits = logits_of(text)
            loss = -tf.reduce_mean(tf.nn.log_softmax(logits)[:, 7])
        gradients = tape.gradient(loss, parameters[1:])
        for parameter, gradient in zip(parameters[1:], gradients, strict=True):
            parameter.assign_sub(0.001 * gradient)
        token = tf.argmax(logits, axis=-1)
        text = tf.concat([text, tf.gather(embedding, token)], axis=0)
        return token.numpy(), loss.numpy()

    return {"without gradient": write, "with gradient": learn}[part]
