"""Programs over Keras's optimizers, losses and metrics in loops with tapes; they join those of `keras_programs`."""

import numpy as np

from oracle.keras_programs import numbers, program

# The optimizers with arguments under which a few steps change something.
OPTIMIZERS = {
    "SGD": {"momentum": 0.9, "nesterov": True},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "Adamax": {},
    "Adagrad": {},
    "Adadelta": {},
    "Adafactor": {},
    "Ftrl": {"l2_regularization_strength": 0.1},
    "Lamb": {},
    "Lion": {},
    "Nadam": {},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "ScheduleFreeAdamW": {"warmup_steps": 2},
}


class Regression:
    """A linear model of three numbers, its data, and steps of gradient descent with a tape."""

    def __init__(self, tf, optimizer):
        self.tf, self.optimizer = tf, optimizer
        self.x = tf.constant(np.linspace(-1, 1, 15, dtype="float32").reshape(5, 3))
        self.y = tf.constant(np.linspace(2, -1, 10, dtype="float32").reshape(5, 2))
        self.weight = tf.Variable(np.linspace(-0.5, 0.5, 6, dtype="float32").reshape(3, 2), name="weight")
        self.bias = tf.Variable([0.25, -0.25], name="bias")
        self.variables = [self.weight, self.bias]

    def loss(self):
        return self.tf.reduce_mean(self.tf.square(self.x @ self.weight + self.bias - self.y))

    def gradients(self):
        with self.tf.GradientTape() as tape:
            loss = self.loss()
        return tape.gradient(loss, self.variables)

    def steps(self, count):
        for _ in range(count):
            self.optimizer.apply_gradients(zip(self.gradients(), self.variables, strict=True))
        return [numbers(variable.numpy()) for variable in self.variables]


@program
def optimizer_state_is_saved_and_restored(tf):
    result = {}
    for name, arguments in OPTIMIZERS.items():
        kind = getattr(tf.optimizers, name)
        first = Regression(tf, kind(learning_rate=0.05, **arguments))
        values, store = first.steps(3), {}
        first.optimizer.save_own_variables(store)
        second = Regression(tf, kind.from_config(first.optimizer.get_config()))
        second.optimizer.build(second.variables)
        second.optimizer.load_own_variables(store)
        for variable, value in zip(second.variables, values, strict=True):
            variable.assign(value)
        result[name] = [sorted(store, key=int), first.steps(3), second.steps(3), int(second.optimizer.iterations)]
    return result


@program
def optimizer_configs(tf):
    result = {}
    for name, arguments in OPTIMIZERS.items():
        config = getattr(tf.optimizers, name)(0.125, clipnorm=2.0, name="mine", **arguments).get_config()
        schedule = tf.optimizers.schedules.CosineDecay(0.5, 10)
        again = getattr(tf.optimizers, name).from_config({**config, "learning_rate": schedule})
        serialized = tf.optimizers.serialize(again)
        restored = tf.optimizers.deserialize(serialized)
        result[name] = [
            {key: str(value) for key, value in sorted(config.items())},
            {key: str(serialized[key]) for key in ("module", "class_name", "registered_name")},
            # Keras has no entry for every class in its registry: then it gives the identifier back.
            restored if isinstance(restored, str) else [numbers(restored.learning_rate), sorted(restored.get_config())],
        ]
    return result


@program
def hyperparameters_changed_between_steps(tf):
    adam = Regression(tf, tf.optimizers.Adam(0.1))
    trail = [adam.steps(4)]
    adam.optimizer.beta_1 = 0.5
    trail.append(adam.steps(2))
    adam.optimizer.learning_rate = 0.01
    trail.append(adam.steps(3))
    adam.optimizer.learning_rate.assign(0.3)
    trail.append(adam.steps(1))
    adam.optimizer.clipnorm = 0.01
    trail.append(adam.steps(2))
    adam.optimizer.epsilon = 0.1
    trail.append(adam.steps(4))
    adam.optimizer.update_step = lambda gradient, variable, learning_rate: variable.assign_sub(gradient)
    trail.append(adam.steps(2))
    sgd = Regression(tf, tf.optimizers.SGD(0.1))
    trail.append(sgd.steps(3))
    sgd.optimizer.momentum = 0.5
    sgd.optimizer.momentums = [tf.Variable(tf.ones_like(variable)) for variable in sgd.variables]
    trail.append(sgd.steps(3))
    return {"trail": trail, "momentums": [numbers(momentum.numpy()) for momentum in sgd.optimizer.momentums]}


@program
def learning_rates_that_are_computed(tf):
    rates = iter([0.1, 0.1, 0.1, 0.02, 0.02, 0.5, 0.5])
    called = Regression(tf, tf.optimizers.SGD(lambda: next(rates)))

    class Halved(tf.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.2 / 2.0 ** tf.cast(step, tf.float32)

        def get_config(self):
            return {}

    own = Regression(tf, tf.optimizers.RMSprop(Halved()))
    return {
        "callable": [called.steps(1) for _ in range(7)],
        "own": [own.steps(2), numbers(own.optimizer.learning_rate), own.steps(3), numbers(own.optimizer.learning_rate)],
    }


@program
def some_gradients_are_missing(tf):
    model = Regression(tf, tf.optimizers.Adam(0.1))
    model.optimizer.build(model.variables)
    trail = []
    for step in range(8):
        gradients = model.gradients()
        if step in (2, 5, 6):
            gradients[1] = None
        pairs = list(zip(gradients, model.variables, strict=True))
        pairs = [(g, v) for g, v in pairs if g is not None]
        model.optimizer.apply_gradients(pairs[::-1] if step == 3 else pairs)
        trail.append([numbers(variable.numpy()) for variable in model.variables])
    return trail


@program
def several_updates_without_a_read(tf):
    model = Regression(tf, tf.optimizers.Adam(0.1))
    gradients = model.gradients()
    for _ in range(6):
        model.optimizer.apply(gradients, model.variables)
    kept = [tf.identity(variable) for variable in model.variables]
    model.optimizer.apply(gradients, model.variables)
    return [numbers(value) for value in (*kept, *model.variables, *model.optimizer.variables)]


@program
def updates_inside_tapes(tf):
    model = Regression(tf, tf.optimizers.SGD(0.1, momentum=0.5))
    trail = []
    for _ in range(4):
        with tf.GradientTape(persistent=True) as tape:
            loss = model.loss()
            model.optimizer.apply_gradients(zip(tape.gradient(loss, model.variables), model.variables, strict=True))
            after = model.loss()
        trail.append([numbers(loss), numbers(after), numbers(tape.gradient(after, model.weight))])
    return trail


@program
def averages_decay_and_constraints(tf):
    ema = Regression(tf, tf.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3))
    trail = [ema.steps(1) for _ in range(7)]
    ema.optimizer.finalize_variable_values(ema.variables)
    trail.append([numbers(variable.numpy()) for variable in ema.variables])
    decayed = Regression(tf, tf.optimizers.AdamW(0.1, weight_decay=0.1))
    decayed.optimizer.exclude_from_weight_decay(var_names=["bias"])
    accumulated = Regression(tf, tf.optimizers.Adam(0.1, gradient_accumulation_steps=3))
    scaled = Regression(tf, tf.optimizers.SGD(0.1, loss_scale_factor=4.0))
    constrained = Regression(tf, tf.optimizers.SGD(0.1))
    constrained.weight = tf.Variable(constrained.weight, constraint=tf.nn.relu, name="weight")
    constrained.variables = [constrained.weight, constrained.bias]
    return {
        "ema": trail,
        "decayed": [decayed.steps(1) for _ in range(4)],
        "accumulated": [accumulated.steps(1) for _ in range(7)],
        "scaled": [numbers(scaled.optimizer.scale_loss(tf.constant(2.0))), scaled.steps(3)],
        "constrained": [constrained.steps(2), constrained.steps(2)],
    }


@program
def loss_scale_optimizer(tf):
    inner = tf.optimizers.SGD(0.1)
    model = Regression(tf, tf.optimizers.LossScaleOptimizer(inner, initial_scale=8.0, dynamic_growth_steps=2))
    trail = []
    for step in range(6):
        with tf.GradientTape() as tape:
            loss = model.optimizer.scale_loss(model.loss())
        gradients = tape.gradient(loss, model.variables)
        if step == 3:
            gradients[0] = gradients[0] * np.inf
        model.optimizer.apply_gradients(zip(gradients, model.variables, strict=True))
        trail.append([numbers(model.weight.numpy()), numbers(model.optimizer.dynamic_scale), int(inner.iterations)])
    return trail


@program
def optimizers_of_keras_variables(tf):
    def trained(optimizer):
        weight = tf.keras.Variable(np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3), name="weight")
        bias = tf.keras.Variable(np.ones(3, "float32"), name="bias")
        for step in range(5):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(tf.ones((1, 2)) @ weight + bias - float(step)))
            pairs = zip(tape.gradient(loss, [weight.value, bias.value]), [weight, bias], strict=True)
            optimizer.apply_gradients(pairs)
        return [numbers(weight), numbers(bias), [v.path for v in optimizer.variables]]

    kinds = tf.optimizers
    routes = kinds.OptimizerMap(kinds.SGD(0.1), optimizer_map={"bias": kinds.Adam(0.1)})
    return {
        "Muon": trained(kinds.Muon(0.1)),
        "Adam": trained(kinds.Adam(0.1)),
        "MultiOptimizer": trained(kinds.MultiOptimizer(routes)),
    }


@program
def custom_optimizers(tf):
    class Signed(tf.optimizers.Optimizer):
        """Keeps a trace, and counts in Python."""

        def __init__(self, learning_rate=0.1, decay=0.5, name="signed", **arguments):
            super().__init__(learning_rate=learning_rate, name=name, **arguments)
            self.decay, self.calls = decay, 0

        def build(self, variables):
            super().build(variables)
            self.traces = self.add_optimizer_variables(variables, "trace")

        def update_step(self, gradient, variable, learning_rate):
            self.calls += 1
            trace = self.traces[self._get_variable_index(variable)]
            self.assign(trace, self.decay * trace.value + gradient)
            scale = 2.0 if self.calls > 8 else 1.0
            self.assign_sub(variable, scale * tf.cast(learning_rate, variable.dtype) * tf.sign(trace.value))

        def get_config(self):
            return {**super().get_config(), "decay": self.decay}

    class Alternating(tf.optimizers.SGD):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient * (1.0 if int(self.iterations) % 2 else 0.5), variable, learning_rate)

    signed, alternating = Regression(tf, Signed(weight_decay=0.01)), Regression(tf, Alternating(0.1, momentum=0.9))
    return {
        "signed": [signed.steps(1) for _ in range(6)],
        "calls": signed.optimizer.calls,
        "config": sorted(signed.optimizer.get_config()),
        "variables": [v.path for v in signed.optimizer.variables],
        "alternating": [alternating.steps(1) for _ in range(5)],
    }


@program
def losses_and_their_gradients(tf):
    kinds = tf.losses
    target = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], "float32")
    output = tf.constant([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4], [0.25, 0.25, 0.5]])
    weights = tf.constant([1.0, 0.5, 2.0])
    made = {name: getattr(kinds, name)() for name in (
        "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
        "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "CosineSimilarity", "Dice", "Hinge", "Huber",
        "KLDivergence", "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
        "MeanSquaredLogarithmicError", "Poisson", "SquaredHinge", "Tversky")}  # fmt: skip
    made |= {
        "smoothed": kinds.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        "sparse": kinds.SparseCategoricalCrossentropy(ignore_class=1),
        "huber": kinds.Huber(delta=0.2, reduction="sum"),
        "circle": kinds.Circle(),
    }
    result = {}
    for name, loss in made.items():
        wanted = target.argmax(1) if name in ("sparse", "circle", "CategoricalGeneralizedCrossEntropy") else target
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(output)
            value = loss(wanted, output)
            weighted = loss(wanted, output, sample_weight=weights)
        result[name] = [numbers(x) for x in (value, weighted, tape.gradient(value, output),
                                             tape.gradient(weighted, output))]  # fmt: skip
        result[f"{name} config"] = {key: str(item) for key, item in sorted(loss.get_config().items())}
    return result


@program
def metrics_over_batches(tf):
    kinds = tf.metrics
    labels = [np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]], "float32"), np.array([[1.0, 1.0, 0.0]], "float32")]
    outputs = [np.array([[0.2, 0.8, 0.1], [0.6, 0.4, 0.45]], "float32"), np.array([[0.9, 0.3, 0.7]], "float32")]
    names = [
        "AUC", "BinaryAccuracy", "BinaryCrossentropy", "CategoricalAccuracy", "CategoricalCrossentropy",
        "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "F1Score", "FalseNegatives", "FalsePositives",
        "Hinge", "KLDivergence", "LogCoshError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
        "MeanSquaredLogarithmicError", "PearsonCorrelation", "Poisson", "Precision", "R2Score", "Recall",
        "RootMeanSquaredError", "SquaredHinge", "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives",
    ]  # fmt: skip
    made = {name: getattr(kinds, name)() for name in names}
    made |= {
        "AUC pr": kinds.AUC(num_thresholds=20, curve="PR"),
        "FBeta": kinds.FBetaScore(beta=2.0, threshold=0.5, average="macro"),
        "Recall at": kinds.RecallAtPrecision(0.5, num_thresholds=20),
        "Sensitivity": kinds.SensitivityAtSpecificity(0.5, num_thresholds=20),
        "BinaryIoU": kinds.BinaryIoU(target_class_ids=[0, 1], threshold=0.5),
        "OneHotIoU": kinds.OneHotIoU(num_classes=3, target_class_ids=[1]),
    }
    result = {}
    for name, metric in made.items():
        for label, output in zip(labels, outputs, strict=True):
            metric.update_state(label, output)
        again = type(metric).from_config(metric.get_config())
        again.update_state(labels[0], outputs[0])
        for variable, other in zip(again.variables, metric.variables, strict=True):
            variable.assign(other)
        result[name] = [numbers(metric.result()), numbers(again.result()), [v.path for v in metric.variables]]
        metric.reset_state()
        metric.update_state(labels[1], outputs[1])
        result[name].append(numbers(metric.result()))
    return result


@program
def custom_metric_and_loss(tf):
    class Largest(tf.metrics.Metric):
        def __init__(self, name="largest", **arguments):
            super().__init__(name=name, **arguments)
            self.largest = self.add_weight(name="value", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.largest.assign(tf.maximum(self.largest, tf.reduce_max(tf.abs(y_true - y_pred))))

        def result(self):
            return self.largest

    class Cubed(tf.losses.Loss):
        def call(self, y_true, y_pred):
            return tf.reduce_mean(tf.abs(y_true - y_pred) ** 3, axis=-1)

    metric, loss = Largest(), Cubed(reduction="sum")
    for value in (1.0, 3.0, 2.0):
        metric.update_state(tf.zeros(2), tf.constant([0.5, value]))
    before = numbers(metric.result())
    metric.reset_state()
    return [before, numbers(metric.result()), [v.path for v in metric.variables],
            numbers(loss(tf.zeros((2, 3)), tf.fill((2, 3), 2.0)))]  # fmt: skip


@program
def shapes_of_layers_that_do_not_say_them(tf):
    kinds = tf.keras.layers

    class Projected(kinds.Layer):
        def __init__(self, **arguments):
            super().__init__(**arguments)
            self.dense = kinds.Dense(5)

        def call(self, x):
            rows = tf.shape(x)[0]
            flat = tf.reshape(x, [rows, x.shape[1] * x.shape[2]])
            return self.dense(flat) * 2.0 + tf.zeros((rows, 5))

    class Convolved(kinds.Layer):
        def __init__(self, **arguments):
            super().__init__(**arguments)
            self.convolution = kinds.Conv2D(7, 3, strides=2)

        def call(self, x):
            return tf.nn.max_pool2d(tf.nn.relu(self.convolution(x)), 2, 2, "VALID")

    class Several(kinds.Layer):
        def call(self, x, training=None):
            mean = tf.reduce_mean(x, axis=1, keepdims=True)
            if tf.executing_eagerly():
                raise ValueError("symbolic tensors are no eager ones")
            return {"less": x - mean, "twice": tf.concat([x, x], 0), "pair": [tf.stack([mean, mean]), tf.transpose(x)]}

    def lambda_shape(function, *shape):
        return str(kinds.Lambda(function)(tf.keras.Input(shape)).shape)

    several = Several()(tf.keras.Input((6,)))
    inputs = tf.keras.Input((4, 3))
    model = tf.keras.Model(inputs, Projected()(inputs))
    return {
        "convolved": [str(Convolved()(tf.keras.Input(s)).shape) for s in ((None, None, 3), (32, None, 3), (32, 32, 3))],
        "several": [str(several[key].shape) for key in ("less", "twice")] + [str(t.shape) for t in several["pair"]],
        "model": [str(model.output_shape), model.count_params(), str(model(np.ones((2, 4, 3), "float32")).shape)],
        "dynamic": lambda_shape(lambda t: tf.nn.softmax(t) * tf.cast(tf.shape(t)[0], tf.float32), 6),
        "products": lambda_shape(lambda t: tf.matmul(t, tf.transpose(t, [0, 2, 1])), None, 8),
        "one_hot": lambda_shape(lambda t: tf.one_hot(tf.cast(t, tf.int32), 50257), None),
        "recurrent": [str(kinds.LSTM(3, return_sequences=True)(tf.keras.Input((None, 8))).shape)],
        "fixed": str(Projected()(tf.keras.Input(batch_shape=(8, 4, 3))).shape),
    }


@program
def embeddings_trained_by_batches(tf):
    """Rows that a batch names twice come to the optimizer as slices, twice; Adam then squares each of them."""
    keras, result = tf.keras, {}
    tokens = np.arange(40).reshape(8, 5) * 3 % 7
    wanted = np.linspace(-1, 1, 16, dtype="float32").reshape(8, 2)
    for name, optimizer in {
        "Adam": keras.optimizers.Adam(0.01),
        "clipnorm": keras.optimizers.Adam(0.01, clipnorm=0.02),
        "global_clipnorm": keras.optimizers.Adam(0.01, global_clipnorm=0.02),
        "clipvalue": keras.optimizers.RMSprop(0.01, clipvalue=0.001),
        "ema": keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=2),
        "decay": keras.optimizers.AdamW(0.01, weight_decay=0.1),
        "momentum": keras.optimizers.SGD(0.1, momentum=0.9),
        "Adagrad": keras.optimizers.Adagrad(0.1),
        "Ftrl": keras.optimizers.Ftrl(0.1),
    }.items():
        model = keras.Sequential([keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(2)])
        model.build((8, 5))
        for i, weight in enumerate(model.weights):
            weight.assign(np.sin(np.arange(np.prod(weight.shape)) + i).reshape(weight.shape) / 4)
        model.compile(optimizer, "mse", metrics=["mae"])
        losses = [numbers(model.train_on_batch(tokens, wanted)) for _ in range(4)]
        result[name] = [
            losses, numbers(model.test_on_batch(tokens, wanted)), numbers(model.predict_on_batch(tokens)),
            numbers(model.weights[0].numpy()),
        ]  # fmt: skip
    return result
