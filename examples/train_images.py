"""A training script that is compiled: an MLP and a small conv net on synthetic images, the tape inside tf.function.

Runs alike under TensorFlow and tfcompat:

    python examples/train_images.py                 with TensorFlow
    python -m tfcompat examples/train_images.py     with tfcompat
"""

import sys

import numpy as np
import tensorflow as tf

BATCH, EPOCHS = 64, 3


def images(count, seed):
    """Pictures of 14x14 pixels with a bright bar in one of ten places, and which place it is."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    pictures = rng.normal(0.0, 0.3, (count, 14, 14, 1)).astype(np.float32)
    for picture, label in zip(pictures, labels, strict=True):
        row, upright = label % 5 * 2 + 2, label >= 5
        if upright:
            picture[2:12, row] += 1.0
        else:
            picture[row, 2:12] += 1.0
    return pictures, labels.astype(np.int64)


def mlp():
    return tf.keras.Sequential([
        tf.keras.layers.Input((14, 14, 1)),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(64, activation="relu", kernel_initializer=tf.keras.initializers.GlorotUniform(1)),
        tf.keras.layers.Dense(10, kernel_initializer=tf.keras.initializers.GlorotUniform(2)),
    ])


def conv_net():
    return tf.keras.Sequential([
        tf.keras.layers.Input((14, 14, 1)),
        tf.keras.layers.Conv2D(8, 3, activation="relu", kernel_initializer=tf.keras.initializers.GlorotUniform(3)),
        tf.keras.layers.MaxPooling2D(),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(10, kernel_initializer=tf.keras.initializers.GlorotUniform(4)),
    ])


class Trainer:
    """Trains a model; one call of `step` is one program."""

    def __init__(self, model):
        self.model = model
        schedule = tf.keras.optimizers.schedules.CosineDecay(5e-3, decay_steps=EPOCHS * 16)
        self.optimizer = tf.keras.optimizers.Adam(schedule)
        self.loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.mean = tf.keras.metrics.Mean()
        self.accuracy = tf.keras.metrics.SparseCategoricalAccuracy()

    @tf.function
    def step(self, pictures, labels):
        with tf.GradientTape() as tape:
            logits = self.model(pictures, training=True)
            loss = self.loss(labels, logits)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        self.mean.update_state(loss)
        self.accuracy.update_state(labels, logits)
        return loss

    @tf.function
    def evaluate(self, pictures, labels):
        right = tf.equal(tf.argmax(self.model(pictures, training=False), 1), labels)
        return tf.reduce_mean(tf.cast(right, tf.float32))


def main():
    pictures, labels = images(1024, 0)
    test_pictures, test_labels = (tf.constant(a) for a in images(256, 1))
    for name, make in (("mlp", mlp), ("conv net", conv_net)):
        trainer = Trainer(make())
        for epoch in range(EPOCHS):
            trainer.mean.reset_state()
            trainer.accuracy.reset_state()
            progress = tf.keras.utils.Progbar(len(pictures) // BATCH, verbose=1 if sys.stdout.isatty() else 0)
            for start in range(0, len(pictures), BATCH):
                loss = trainer.step(tf.constant(pictures[start : start + BATCH]), tf.constant(labels[start : start + BATCH]))
                progress.add(1, [("loss", float(loss))])
            print(f"{name}, epoch {epoch + 1}: loss {float(trainer.mean.result()):.3f}, "
                  f"accuracy {float(trainer.accuracy.result()):.3f}")  # fmt: skip
        print(f"{name}: test accuracy {float(trainer.evaluate(test_pictures, test_labels)):.3f}, "
              f"{trainer.step.experimental_get_tracing_count()} trace of the step")  # fmt: skip


if __name__ == "__main__":
    main()
