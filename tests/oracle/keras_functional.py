"""Programs over Keras models whose layers say nothing of their shapes, and over training them inside `tf.function`."""

import numpy as np

from .keras_programs import numbers, program


def _shapes(structure):
    return [str(tuple(t.shape)) for t in structure]


@program
def shapes_of_layers_of_ones_own(tf):
    class Layer(tf.keras.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.dense, self.conv = tf.keras.layers.Dense(units), tf.keras.layers.Conv2D(2, 3)

        def call(self, x):
            y = self.conv(x)
            flat = tf.reshape(y, [tf.shape(y)[0], 72]) if x.shape[1] else tf.reduce_mean(y, [1, 2])
            return self.dense(flat), tf.concat([x, x], 0), y, tf.cast(y > 0, tf.int32)

    found = []
    for shape in ((8, 8, 3), (None, None, 3)):
        layer = Layer(5)
        outs = layer(tf.keras.Input(shape))
        found.append(_shapes(outs) + [str(t.dtype) for t in outs])
        if shape[0]:
            found.append(_shapes(layer(tf.ones([2, 8, 8, 3]))))
    inputs = tf.keras.Input((4,))
    outputs = tf.keras.layers.Lambda(lambda t: tf.square(t)[:, :2] * tf.cast(tf.shape(t)[0], tf.float32))(inputs)
    model = tf.keras.Model(inputs, outputs)
    return [*found, _shapes([outputs]), numbers(model(tf.reshape(tf.range(8.0), [2, 4])))]


@program
def placeholders_outside_of_graphs(tf):
    try:
        tf.compat.v1.placeholder(tf.float32, [2])
    except RuntimeError as error:
        return str(error)


@program
def convolutional_training_in_a_function(tf):
    tf.keras.utils.set_random_seed(3)
    inputs = tf.keras.Input((8, 8, 1))
    x = tf.keras.layers.Conv2D(4, 3, activation="relu")(inputs)
    x = tf.keras.layers.MaxPooling2D()(x)
    x = tf.keras.layers.BatchNormalization()(x)
    x = tf.keras.layers.Dropout(0.3)(tf.keras.layers.Flatten()(x))
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(3)(x))
    schedule = tf.keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.9)
    optimizer = tf.keras.optimizers.Adam(schedule)
    loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = tf.keras.metrics.SparseCategoricalAccuracy()
    rng = np.random.RandomState(0)
    images, labels = rng.standard_normal((16, 8, 8, 1)).astype("float32"), rng.randint(0, 3, 16)

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = loss_of(labels, logits)
        weights = model.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        accuracy.update_state(labels, logits)
        return loss

    losses = [numbers(step(images, labels)) for _ in range(4)]
    return [losses, numbers(accuracy.result()), numbers(model(images)[0])]


@program
def adversaries_in_a_function(tf):
    tf.keras.utils.set_random_seed(0)

    def network(units):
        return tf.keras.Sequential([tf.keras.layers.Dense(8), tf.keras.layers.LeakyReLU(), tf.keras.layers.Dense(units)])

    generator, critic = network(4), network(1)
    cost = tf.keras.losses.BinaryCrossentropy(from_logits=True)
    first, second = tf.keras.optimizers.Adam(0.01), tf.keras.optimizers.RMSprop(0.01)

    @tf.function
    def step(real):
        noise = tf.random.stateless_normal([8, 3], [1, 2])
        with tf.GradientTape() as one, tf.GradientTape() as other:
            fake = generator(noise, training=True)
            on_real, on_fake = critic(real, training=True), critic(fake, training=True)
            a = cost(tf.ones_like(on_fake), on_fake)
            b = cost(tf.ones_like(on_real), on_real) + cost(tf.zeros_like(on_fake), on_fake)
        for tape, loss, model, optimizer in ((one, a, generator, first), (other, b, critic, second)):
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return a, b

    data = tf.random.stateless_normal([8, 4], [5, 6], 2.0, 0.5)
    return [[numbers(loss) for loss in step(data)] for _ in range(5)]


@program
def recurrent_and_attention_layers(tf):
    tf.keras.utils.set_random_seed(1)
    x = tf.random.stateless_normal([2, 5, 3], [1, 2])
    words = tf.constant([[1, 2, 3], [4, 5, 1]])
    model = tf.keras.Sequential(
        [tf.keras.layers.Embedding(20, 4), tf.keras.layers.LSTM(4), tf.keras.layers.Dense(2)]
    )
    with tf.GradientTape() as tape:
        logits = model(words)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1], logits=logits))
    gradients = tape.gradient(loss, model.trainable_variables)
    return [
        numbers(tf.keras.layers.GRU(4, return_sequences=True)(x)),
        numbers(tf.keras.layers.SimpleRNN(2)(x)),
        numbers(tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(2))(x)),
        numbers(tf.keras.layers.MultiHeadAttention(2, 4)(x, x)),
        numbers(loss),
        [numbers(tf.convert_to_tensor(g)) for g in gradients],
    ]


@program
def layers_that_draw_their_weights(tf):
    """A variable that starts from a drawn tensor is not made while shapes are found out: the draws come in the order of calls."""

    class Layer(tf.keras.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units

        def build(self, shape):
            self.w = tf.Variable(tf.random.normal([shape[-1], self.units]), name="w")

        def call(self, x):
            return tf.matmul(x, self.w)

    class Model(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = Layer(3), Layer(2)

        def call(self, x):
            return self.second(self.first(x))

    tf.random.set_seed(1)
    model = Model()
    found = [numbers(model(tf.constant([[2.0, 1.0, -1.0]]))), [numbers(v) for v in model.variables]]
    return [*found, numbers(tf.random.normal([2]))]


@program
def watching_variables_of_layers(tf):
    layer = tf.keras.layers.Dense(2)
    layer.build((None, 3))
    found = []
    for watched in (layer.kernel, layer.kernel.value, [layer.bias, tf.constant(1.0)], 1.0):
        try:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(watched)
                y = tf.reduce_sum(layer(tf.ones([1, 3])) ** 2)
            found.append(tape.gradient(y, layer.kernel) is not None)
        except ValueError as error:
            found.append(str(error).startswith("Passed in object"))
    return found
