"""Cases of Keras models that are trained, evaluated and asked by fit, evaluate and predict, from arrays and data sets."""

import numpy as np

from oracle.data_programs import cases

X = np.sin(np.arange(400, dtype=np.float64)).reshape(100, 4).astype(np.float32)
Y = np.arange(100) % 3


def model(tf, *, optimizer="adam", metrics=("accuracy",), dropout=0.2, **options):
    keras = tf.keras
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dropout(dropout), keras.layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile(optimizer, loss, metrics=list(metrics), **options)
    return made


def numbers(value):
    if isinstance(value, dict):
        return {name: numbers(v) for name, v in value.items()}
    return np.asarray(value, np.float64).tolist()


def fitted(tf, *data, fresh=None, **options):
    m = model(tf, **(fresh or {}))
    history = m.fit(*data, **{"epochs": 2, "batch_size": 16, "verbose": 0, **options}).history
    return {"history": numbers(history), "weights": [numbers(w.numpy().sum()) for w in m.weights]}


def fitted_data(tf, d, fresh=None, **options):
    tf.random.set_seed(1)
    d = d(tf.data.Dataset.from_tensor_slices((X, Y)))
    return fitted(tf, d, fresh=fresh, batch_size=None, **options)


cases(
    fit_arrays=lambda tf, D: fitted(tf, X, Y),
    fit_even_batches=lambda tf, D: fitted(tf, X[:96], Y[:96]),
    fit_in_order=lambda tf, D: fitted(tf, X, Y, shuffle=False),
    fit_tensors=lambda tf, D: fitted(tf, tf.constant(X), tf.constant(Y)),
    fit_validation_split=lambda tf, D: fitted(tf, X, Y, validation_split=0.2),
    fit_validation_data=lambda tf, D: fitted(tf, X, Y, validation_data=(X[:30], Y[:30]), validation_batch_size=7),
    fit_validation_weights=lambda tf, D: fitted(tf, X, Y, validation_data=(X[:30], Y[:30], np.arange(30) / 30), validation_freq=2),
    fit_class_weight=lambda tf, D: fitted(tf, X, Y, class_weight={0: 1.0, 1: 2.0, 2: 0.5}),
    fit_sample_weight=lambda tf, D: fitted(tf, X, Y, sample_weight=np.linspace(0, 1, 100)),
    fit_data=lambda tf, D: fitted_data(tf, lambda d: d.shuffle(50).batch(16).map(lambda a, b: (a * 2, b)).prefetch(2)),
    fit_data_validation=lambda tf, D: fitted_data(tf, lambda d: d.shuffle(9, 3).batch(10), validation_data=D.from_tensor_slices(
        (X, Y)).batch(30)),
    fit_data_class_weight=lambda tf, D: fitted_data(tf, lambda d: d.batch(16), class_weight={0: 1.0, 1: 2.0, 2: 0.5}),
    fit_data_weights=lambda tf, D: fitted_data(tf, lambda d: d.map(lambda a, b: (a, b, a[0])).batch(16)),
    fit_data_repeated=lambda tf, D: fitted_data(tf, lambda d: d.shuffle(50).batch(16).repeat(), steps_per_epoch=5),
    # No Adam, no dropout: where the call that finds the end fails, TensorFlow has counted the step and the draw already.
    fit_data_of_unknown_length=lambda tf, D: fitted_data(tf, lambda d: d.filter(lambda a, b: b > 0).batch(16), {"dropout": 0.0, "optimizer": "sgd"}),
    fit_generator=lambda tf, D: fitted(tf, ((X[i : i + 16], Y[i : i + 16]) for i in range(0, 96, 16)), batch_size=None,
                                       steps_per_epoch=3),
    fit_eagerly=lambda tf, D: fitted(tf, X, Y, fresh={"run_eagerly": True}),
    fit_several_steps=lambda tf, D: fitted(tf, X, Y, fresh={"steps_per_execution": 3}),
    fit_sgd=lambda tf, D: fitted(tf, X, Y, fresh={"optimizer": "sgd", "metrics": ["mae"]}, epochs=3),
)  # fmt: skip


def evaluated(tf, D):
    m = model(tf)
    data = D.from_tensor_slices((X, Y)).batch(30)
    return {
        "arrays": numbers(m.evaluate(X, Y, verbose=0)), "data": numbers(m.evaluate(data, verbose=0)),
        "dict": numbers(m.evaluate(X, Y, batch_size=9, verbose=0, return_dict=True)),
        "steps": numbers(m.evaluate(data, steps=2, verbose=0)),
        "weights": numbers(m.evaluate(X, Y, sample_weight=np.arange(100.0), verbose=0)),
    }  # fmt: skip


def predicted(tf, D):
    m = model(tf)
    whole = m.predict(X, batch_size=32, verbose=0)
    data = D.from_tensor_slices(X).batch(30)
    return {
        "arrays": numbers(whole[:3]), "shape": list(whole.shape), "kind": f"{type(whole).__name__} {whole.dtype}",
        "data": float(np.abs(m.predict(data, verbose=0) - whole).max()) < 1e-6,
        "mapped": list(m.predict(data.map(lambda x: (x, x[:, 0])), verbose=0).shape),
        "steps": list(m.predict(data, steps=2, verbose=0).shape), "tensor": list(m.predict(tf.constant(X[:5]), verbose=0).shape),
    }  # fmt: skip


def of_several_inputs(tf, D):
    keras = tf.keras
    keras.utils.set_random_seed(0)
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    o = keras.layers.Dense(1, name="o")(keras.layers.Concatenate()([a, b]))
    p = keras.layers.Dense(2, name="p")(a)
    m = keras.Model([a, b], [o, p])
    m.compile("sgd", {"o": "mse", "p": "mae"}, metrics={"o": "mae"})
    target = {"o": Y.astype(np.float32)[:, None], "p": X[:, :2]}
    history = m.fit({"a": X, "b": X * 2}, target, epochs=2, verbose=0).history
    d = D.from_tensor_slices(({"a": X, "b": X * 2}, target)).batch(20)
    return {"history": numbers(history), "evaluated": numbers(m.evaluate(d, verbose=0)),
            "shapes": [list(v.shape) for v in m.predict([X, X], verbose=0)]}  # fmt: skip


def of_a_keras_data_set(tf, D):
    class Batches(tf.keras.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, i):
            return X[i * 20 : i * 20 + 20], Y[i * 20 : i * 20 + 20]

    return fitted(tf, Batches(), batch_size=None, shuffle=False)


def called_back(tf, D):
    kinds = tf.keras.callbacks
    seen = []

    class Noted(kinds.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append([batch, sorted(logs)])

        def on_epoch_end(self, epoch, logs=None):
            seen.append([epoch, numbers(logs)])

    found = fitted(tf, X, Y, epochs=5, batch_size=50, callbacks=[
        Noted(), kinds.EarlyStopping("accuracy", patience=0), kinds.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))])  # fmt: skip
    return {"found": found, "seen": seen}


def of_a_custom_step(tf, D):
    keras = tf.keras

    class Custom(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, self(x, training=True), from_logits=True))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return {"mine": loss}

    keras.utils.set_random_seed(0)
    m = Custom()
    m.compile("sgd")
    return numbers(m.fit(X, Y, epochs=2, verbose=0).history)


def normalized(tf, D):
    layer = tf.keras.layers.Normalization()
    layer.adapt(D.from_tensor_slices(X).batch(32))
    return numbers([layer.mean, layer.variance])


def in_a_pipeline(tf, D):
    """A layer as a part of a pipeline."""
    layer = tf.keras.layers.Rescaling(0.5, offset=1.0)
    return [D.from_tensor_slices(X[:4]).batch(2).map(layer)]


cases(
    evaluated=evaluated, predicted=predicted, of_several_inputs=of_several_inputs, of_a_keras_data_set=of_a_keras_data_set,
    called_back=called_back, of_a_custom_step=of_a_custom_step, normalized=normalized, in_a_pipeline=in_a_pipeline,
)  # fmt: skip
