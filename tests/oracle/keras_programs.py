"""Programs over Keras and tf.Module, run alike with TensorFlow and with tfcompat.

Each takes the namespace and returns plain data: lists of floats, which may differ in the last bits, and strings, which
may not. Everything random is given, so that only the arithmetic and the wiring are under test.
"""

import copy
import os
import tempfile

import numpy as np

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def numbers(value):
    return np.asarray(value, np.float64).tolist()


def _steps(tf, optimizer, steps=4):
    """The values of a vector, a scalar and a matrix after each of some steps with changing gradients."""
    variables = [tf.Variable([1.0, -2.0, 3.0]), tf.Variable(0.5), tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="kernel")]
    trail = []
    for step in range(steps):
        gradients = [tf.constant([0.1, -0.2, 0.3]) * (step + 1.0), tf.constant(-1.5), tf.ones((2, 2)) * (0.7 - step)]
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        trail.append([numbers(variable.numpy()) for variable in variables])
    return {"values": trail, "variables": [f"{v.path} {tuple(v.shape)} {v.dtype}" for v in optimizer.variables]}


OPTIMIZERS = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "sgd_momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd_clipvalue": ("SGD", {"learning_rate": 0.1, "clipvalue": 0.25}),
    "sgd_clipnorm": ("SGD", {"learning_rate": 0.1, "clipnorm": 0.5}),
    "sgd_global_clipnorm": ("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.5}),
    "sgd_accumulate": ("SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
    "adam": ("Adam", {"learning_rate": 0.1}),
    "adam_amsgrad": ("Adam", {"learning_rate": 0.1, "amsgrad": True}),
    "adam_ema_decay": ("Adam", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.9, "weight_decay": 0.01}),
    "adamw": ("AdamW", {"learning_rate": 0.1}),
    "adamax": ("Adamax", {"learning_rate": 0.1}),
    "adagrad": ("Adagrad", {"learning_rate": 0.1}),
    "adadelta": ("Adadelta", {"learning_rate": 0.1}),
    "adafactor": ("Adafactor", {"learning_rate": 0.1}),
    "ftrl": ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.01}),
    "lamb": ("Lamb", {"learning_rate": 0.1}),
    "lion": ("Lion", {"learning_rate": 0.1}),
    "nadam": ("Nadam", {"learning_rate": 0.1}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.1}),
    "rmsprop_centered": ("RMSprop", {"learning_rate": 0.1, "momentum": 0.9, "centered": True}),
}


def _optimizer_program(name, arguments):
    return lambda tf: _steps(tf, getattr(tf.optimizers, name)(**arguments))


for _case, (_name, _arguments) in OPTIMIZERS.items():
    PROGRAMS[f"optimizer_{_case}"] = _optimizer_program(_name, _arguments)


@program
def schedules(tf):
    kinds = tf.optimizers.schedules
    made = {
        "exponential": kinds.ExponentialDecay(0.1, 3, 0.9),
        "exponential_staircase": kinds.ExponentialDecay(0.1, 3, 0.9, staircase=True),
        "piecewise": kinds.PiecewiseConstantDecay([2, 4], [0.1, 0.05, 0.01]),
        "polynomial": kinds.PolynomialDecay(0.1, 5, power=2.0),
        "polynomial_cycle": kinds.PolynomialDecay(0.1, 3, cycle=True),
        "inverse_time": kinds.InverseTimeDecay(0.1, 3, 0.5),
        "cosine": kinds.CosineDecay(0.1, 6),
        "cosine_warmup": kinds.CosineDecay(0.0, 6, warmup_target=0.1, warmup_steps=3),
        "cosine_restarts": kinds.CosineDecayRestarts(0.1, 3),
    }
    result = {name: [numbers(schedule(step)) for step in range(7)] for name, schedule in made.items()}
    result["sgd"] = _steps(tf, tf.optimizers.SGD(made["exponential"], momentum=0.5))
    return result


@program
def optimizer_reprs(tf):
    sgd = tf.optimizers.SGD(learning_rate=0.1)
    weight = tf.Variable([1.0, 2.0], name="w")
    before = repr(sgd.iterations)
    returned = sgd.apply_gradients([(tf.constant([0.5, 0.5]), weight)])
    adam = tf.optimizers.Adam(0.25)
    adam.apply_gradients([(tf.constant([0.5, 0.5]), weight)])
    adam.learning_rate = 0.5
    rate = float(adam.learning_rate)
    adam.learning_rate.assign(0.125)
    return {
        "before": before,
        "returned": repr(returned),
        "str": str(sgd.iterations),
        "sgd": [repr(variable) for variable in sgd.variables],
        "adam": [f"{v.path} {v.dtype} {v.shape}" for v in adam.variables],
        "rates": [rate, float(adam.learning_rate)],
        "weight": repr(weight).partition(" numpy=")[0],
        "config": {key: str(value) for key, value in sorted(sgd.get_config().items()) if key != "learning_rate"},
        "class": [tf.optimizers.SGD.__module__, tf.losses.MeanSquaredError.__module__, tf.keras.__name__],
        "same": str(tf.optimizers.SGD is tf.keras.optimizers.SGD),
    }


@program
def optimizer_errors(tf):
    weight = tf.Variable([1.0, 2.0], name="w")
    other = tf.Variable(1.0, name="other")
    sgd = tf.optimizers.SGD(0.1)

    def attempt(action):
        try:
            action()
        except Exception as error:
            return [type(error).__name__, str(error)]
        return None

    sgd.apply_gradients([(tf.constant([1.0, 1.0]), weight)])
    return {
        "no_gradients": attempt(lambda: tf.optimizers.SGD(0.1).apply_gradients([(None, weight)]))[0],
        "empty": attempt(lambda: tf.optimizers.SGD(0.1).apply_gradients([])),
        "unknown_variable": attempt(lambda: sgd.apply_gradients([(tf.constant(1.0), other)]))[0],
        "bad_argument": attempt(lambda: tf.optimizers.SGD(0.1, momentum=2.0)),
        "bad_name": attempt(lambda: tf.optimizers.get("no_such_optimizer"))[0],
        "weight": numbers(weight.numpy()),
    }


@program
def sparse_gradients(tf):
    result = {}
    for name, make in {"sgd": lambda: tf.optimizers.SGD(0.1), "momentum": lambda: tf.optimizers.SGD(0.1, momentum=0.9),
                       "adam": lambda: tf.optimizers.Adam(0.1)}.items():  # fmt: skip
        weight = tf.Variable(np.arange(8, dtype=np.float32).reshape(4, 2))
        optimizer = make()
        for _ in range(2):
            gradient = tf.IndexedSlices(tf.ones((2, 2)), tf.constant([0, 2]), tf.constant([4, 2]))
            optimizer.apply_gradients([(gradient, weight)])
        result[name] = numbers(weight.numpy())
    return result


@program
def losses(tf):
    target = tf.constant([[0.0, 1.0], [1.0, 0.0]])
    output = tf.constant([[0.4, 0.6], [0.3, 0.7]])
    mse = tf.losses.MeanSquaredError()
    value = mse(target, output)
    kinds = tf.losses
    labels = tf.constant([1, 0])
    names = ("MeanAbsoluteError", "Huber", "BinaryCrossentropy", "CategoricalCrossentropy", "Hinge", "SquaredHinge",
             "KLDivergence", "CosineSimilarity", "LogCosh", "Poisson", "MeanSquaredLogarithmicError",
             "MeanAbsolutePercentageError", "CategoricalHinge")  # fmt: skip
    return {
        "mse": numbers(value),
        "kind": [str(isinstance(value, tf.Tensor)), str(value.dtype), str(value.shape)],
        "numpy": numbers(mse(np.array([1.0, 2.0]), np.array([2.0, 4.0]))),
        "weighted": numbers(mse(target, output, sample_weight=[1.0, 3.0])),
        "none": numbers(tf.losses.MeanSquaredError(reduction="none")(target, output)),
        "sum": numbers(tf.losses.MeanSquaredError(reduction="sum")(target, output)),
        "function": numbers(tf.losses.mse(target, output)),
        "others": {name: numbers(getattr(kinds, name)()(target, output)) for name in names},
        "sparse": numbers(kinds.SparseCategoricalCrossentropy()(labels, output)),
        "sparse_logits": numbers(kinds.SparseCategoricalCrossentropy(from_logits=True)(labels, output)),
        "binary_logits": numbers(tf.losses.BinaryCrossentropy(from_logits=True)(target, output)),
        "categorical_logits": numbers(tf.losses.CategoricalCrossentropy(from_logits=True)(target, output)),
    }


def _kernel(*shape):
    size = int(np.prod(shape))
    return (np.arange(size, dtype=np.float32).reshape(shape) - size / 2) / size


def _data():
    x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)
    return x, (x**2).sum(1, keepdims=True)


def _train(tf, model, optimizer, steps=5):
    x, y = map(tf.constant, _data())
    loss_of = tf.losses.MeanSquaredError()
    trail = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        trail.append(numbers(loss))
    return {"losses": trail, "weights": [numbers(weight) for weight in model.get_weights()]}


def _sequential(tf, *first):
    layers = tf.keras.layers
    return tf.keras.Sequential([*first, layers.Dense(4, activation="tanh"), layers.Dense(4, activation="relu"),
                                layers.Dense(1)])  # fmt: skip


def _set(model):
    model.set_weights([_kernel(*weight.shape) for weight in model.weights])
    return model


@program
def dense(tf):
    layer = tf.keras.layers.Dense(2, activation="relu", name="first")
    x = tf.constant(_data()[0])
    built_before = layer.built
    layer.build(x.shape)
    layer.set_weights([_kernel(3, 2), _kernel(2)])
    with tf.GradientTape() as tape:
        output = layer(x)
        total = tf.reduce_sum(output * output)
    gradients = tape.gradient(total, layer.trainable_variables)
    return {
        "built": f"{built_before} {layer.built}",
        "output": numbers(output),
        "gradients": [numbers(gradient) for gradient in gradients],
        "repr": repr(layer),
        "bias": repr(layer.bias),
        "weights": [f"{w.path} {w.shape} {w.dtype} {w.trainable}" for w in layer.weights],
        "is": f"{tf.is_tensor(layer.kernel)} {isinstance(layer.kernel, tf.Variable)} {isinstance(output, tf.Tensor)}",
        "converted": numbers(tf.convert_to_tensor(layer.bias)),
        "matmul": numbers(x @ layer.kernel),
    }


@program
def sequential_sgd(tf):
    model = _sequential(tf)
    model(tf.constant(_data()[0]))
    result = _train(tf, _set(model), tf.optimizers.SGD(0.1, momentum=0.9))
    result["paths"] = [weight.path for weight in model.weights]
    return result


@program
def sequential_adam(tf):
    model = _set(_sequential(tf, tf.keras.Input((3,))))
    return _train(tf, model, tf.optimizers.Adam(0.05), steps=8)


@program
def functional(tf):
    inputs = tf.keras.Input((3,))
    hidden = tf.keras.layers.Dense(4, activation="sigmoid")(inputs)
    outputs = tf.keras.layers.Dense(1)(tf.keras.layers.Concatenate()([hidden, inputs]))
    return _train(tf, _set(tf.keras.Model(inputs, outputs)), tf.optimizers.SGD(0.1))


@program
def subclassed(tf):
    class Net(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = [tf.keras.layers.Dense(4, activation="gelu"), tf.keras.layers.Dense(4, activation="elu")]
            self.out = tf.keras.layers.Dense(1)

        def call(self, x):
            for layer in self.hidden:
                x = layer(x)
            return self.out(x)

    model = Net()
    model(tf.constant(_data()[0]))
    result = _train(tf, _set(model), tf.optimizers.Adam(0.05))
    result["count"] = str(model.count_params())
    return result


@program
def saved_and_loaded(tf):
    model = _set(_sequential(tf, tf.keras.Input((3,))))
    x = tf.constant(_data()[0])
    lines = []
    model.summary(print_fn=lines.append)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        loaded = tf.keras.models.load_model(path)
        weights = os.path.join(folder, "model.weights.h5")
        model.save_weights(weights)
        other = _sequential(tf, tf.keras.Input((3,)))
        other.load_weights(weights)
    clone = copy.deepcopy(model)
    clone.layers[-1].bias.assign([100.0])
    return {
        "summary": [str(part in "".join(lines)) for part in ("dense_1 (Dense)", "(None, 4)", "Total params: 41")],
        "outputs": [numbers(which(x)) for which in (model, loaded, other)],
        "cloned": numbers(clone(x)),
        "config": str(model.get_config()["layers"][1]["config"]["kernel_initializer"]),
    }


@program
def keras_variable(tf):
    variable = tf.keras.Variable([1.0, 2.0], name="v")
    text = repr(variable)
    variable.assign([3.0, 4.0])
    variable.assign_add([1.0, 1.0])
    variable.assign_sub([0.5, 0.5])
    with tf.GradientTape() as tape:
        result = tf.reduce_sum(variable * variable)
    return {
        "repr": [text, repr(variable), str(variable), repr(tf.keras.Variable(3, dtype="int64", name="n"))],
        "value": numbers(variable.numpy()),
        "gradient": numbers(tape.gradient(result, variable.value)),
        "operators": [numbers(x) for x in (variable + 1, 1 - variable, variable * variable, -variable, variable / 2,
                                           variable**2, variable[0], abs(-variable))],  # fmt: skip
        "comparison": [str(x) for x in ((variable > 4).numpy(), (variable == variable).numpy())],
        "kinds": [str(isinstance(variable.value, tf.Variable)), str(variable.dtype), repr(variable.shape), str(variable.trainable)],
    }


@program
def metrics(tf):
    made = {
        "Mean": ([1.0, 2.0, 6.0],),
        "Sum": ([1.0, 2.0],),
        "MeanSquaredError": ([1.0, 2.0], [2.0, 4.0]),
        "RootMeanSquaredError": ([1.0, 2.0], [2.0, 4.0]),
        "Accuracy": ([1, 2, 3], [1, 2, 2]),
        "BinaryAccuracy": ([[1.0], [0.0]], [[0.6], [0.7]]),
        "CategoricalAccuracy": ([[0.0, 1.0], [1.0, 0.0]], [[0.1, 0.9], [0.2, 0.8]]),
        "SparseCategoricalAccuracy": ([1, 1], [[0.1, 0.9], [0.8, 0.2]]),
        "AUC": ([0.0, 1.0, 1.0], [0.2, 0.8, 0.1]),
        "Precision": ([1.0, 0.0], [0.7, 0.8]),
        "Recall": ([1.0, 1.0], [0.7, 0.1]),
        "CosineSimilarity": ([[0.0, 1.0]], [[0.1, 0.9]]),
    }
    result = {}
    for name, arguments in made.items():
        metric = getattr(tf.metrics, name)()
        metric.update_state(*arguments)
        metric.update_state(*arguments)
        result[name] = numbers(metric.result())
        metric.reset_state()
        result[f"{name} reset"] = numbers(metric.result())
    return result


@program
def initializers(tf):
    made = {
        "zeros": tf.initializers.Zeros(),
        "ones": tf.initializers.Ones(),
        "constant": tf.initializers.Constant(2.5),
        "identity": tf.initializers.Identity(gain=2.0),
        "got": tf.initializers.get("ones"),
    }
    return {name: numbers(initializer((2, 3))) for name, initializer in made.items()}


@program
def seeded_initializers(tf):
    names = ("GlorotUniform", "GlorotNormal", "HeNormal", "LecunUniform", "RandomNormal", "RandomUniform",
             "TruncatedNormal", "VarianceScaling")  # fmt: skip
    result = {name: numbers(getattr(tf.initializers, name)(seed=3)((3, 2))) for name in names}
    tf.keras.utils.set_random_seed(7)
    result["dense"] = numbers(tf.keras.layers.Dense(2)(tf.constant(_data()[0])))
    return result


@program
def layers(tf):
    kinds = tf.keras.layers
    x = tf.constant(_data()[0])
    sequence = tf.reshape(x, (2, 4, 3))
    image = tf.reshape(x, (1, 2, 4, 3))
    ids = tf.constant([1, 2, 1])
    made = {
        "batch_norm": (kinds.BatchNormalization(), x, {"training": True}),
        "batch_norm_inference": (kinds.BatchNormalization(), x, {"training": False}),
        "layer_norm": (kinds.LayerNormalization(), x, {}),
        "group_norm": (kinds.GroupNormalization(1), x, {}),
        "embedding": (kinds.Embedding(5, 2, embeddings_initializer="ones"), ids, {}),
        "flatten": (kinds.Flatten(), image, {}),
        "max_pool": (kinds.MaxPooling2D(), image, {}),
        "average_pool": (kinds.AveragePooling2D(2), image, {}),
        "global_pool": (kinds.GlobalAveragePooling2D(), image, {}),
        "pad": (kinds.ZeroPadding2D(), image, {}),
        "softmax": (kinds.Softmax(), x, {}),
        "prelu": (kinds.PReLU(alpha_initializer="ones"), x, {}),
        "concatenate": (kinds.Concatenate(), [x, x], {}),
        "dot": (kinds.Dot(1), [x, x], {}),
        "lambda": (kinds.Lambda(lambda value: value * 2.0), x, {}),
        "rank_3": (kinds.Dense(2, kernel_initializer="ones"), sequence, {}),
        "half": (kinds.Dense(2, kernel_initializer="ones", dtype="mixed_float16"), x, {}),
    }
    tf.keras.utils.set_random_seed(7)
    attention = kinds.MultiHeadAttention(2, 4)
    regularized = kinds.Dense(2, kernel_regularizer="l2", kernel_initializer="ones")
    regularized(x)

    class Custom(kinds.Layer):
        def build(self, shape):
            self.scale = self.add_weight(shape=(shape[-1], 2), initializer="ones")

        def call(self, inputs):
            return tf.matmul(inputs, self.scale) + tf.reduce_mean(inputs)

    return {
        **{name: numbers(layer(inputs, **given)) for name, (layer, inputs, given) in made.items()},
        "attention": numbers(attention(sequence, sequence)),
        "losses": numbers(regularized.losses[0]),
        "custom": numbers(Custom()(x)),
    }


@program
def activations(tf):
    names = ("relu", "sigmoid", "tanh", "softmax", "gelu", "elu", "selu", "softplus", "softsign", "exponential",
             "leaky_relu", "relu6", "hard_sigmoid", "mish", "log_softmax", "silu", "celu", "glu")  # fmt: skip
    x = tf.constant(np.linspace(-3, 3, 8, dtype=np.float32).reshape(2, 4))
    return {name: numbers(tf.keras.activations.get(name)(x)) for name in names}


@program
def keras_ops(tf):
    ops = tf.keras.ops
    square = tf.constant(np.arange(9, dtype=np.float32).reshape(3, 3))
    return {
        "slice_update": numbers(ops.slice_update(square, [1, 1], -tf.ones((2, 2)))),
        "slice_update_moved": numbers(ops.slice_update(square, [2, 0], -tf.ones((2, 2)))),
        "is_close": str(ops.isclose([1.0, np.nan, 2.0], [1.0, np.nan, 3.0], equal_nan=True).numpy()),
        "cond": [numbers(ops.cond(given, lambda: 1.0, lambda: 2.0)) for given in (True, tf.constant(False), 0)],
        "converted": numbers(ops.convert_to_numpy(ops.convert_to_tensor([1, 2], dtype="float32"))),
        "shape": str(ops.shape(square)),
        "dtypes": [str(ops.add(tf.constant(1), 2.5).dtype), str(ops.multiply(tf.constant(1.0, "float64"), 2).dtype)],
    }


@program
def distribution(tf):
    distribute = tf.distribute
    strategy = distribute.get_strategy()
    context = distribute.get_replica_context()
    seen = []

    def look(*arguments):
        seen.append(f"{distribute.in_cross_replica_context()} {distribute.get_replica_context() is None}")
        return arguments[-1]

    variable = tf.Variable(1.0)
    with strategy.scope() as scope:
        pass
    return {
        "facts": f"{strategy.num_replicas_in_sync} {distribute.has_strategy()} {scope is strategy}",
        "context": f"{context.num_replicas_in_sync} {context.replica_id_in_sync_group} {context.strategy is strategy}",
        "run": numbers(strategy.run(lambda a, b: a + b, args=(1.0,), kwargs={"b": 2.0})),
        "reduce": [numbers(strategy.reduce(how, tf.constant([1.0, 2.0]), axis=axis))
                   for how, axis in (("SUM", 0), ("MEAN", 0), (distribute.ReduceOp.SUM, None))],
        "all_reduce": numbers(context.all_reduce("sum", tf.constant([3.0]))),
        "update": [str(strategy.extended.update(variable, look, args=(5,), group=group)) for group in (True, False)],
        "merge": str(context.merge_call(look, args=(1, 2))),
        "seen": seen,
        "local": str(len(strategy.experimental_local_results(tf.constant(1.0)))),
        "members": [str(member) for member in distribute.ReduceOp],
    }  # fmt: skip


@program
def module(tf):
    class Layer(tf.Module):
        def __init__(self, size, name=None):
            super().__init__(name=name)
            self.w = tf.Variable(tf.ones([size]), name="w")
            self.b = tf.Variable(tf.zeros([size]), name="b", trainable=False)

        @tf.Module.with_name_scope
        def late(self):
            if not hasattr(self, "made_late"):
                self.made_late = tf.Variable(1.0, name="late")
            return self.made_late.name

    class MyHTTPNet2Go(tf.Module):
        def __init__(self):
            super().__init__()
            with self.name_scope:
                self.scale = tf.Variable(2.0, name="scale")
                self.layers = [Layer(1), Layer(2, name="named")]
            self.table = {"b": Layer(3), "a": self.layers[0], "c": (tf.Variable(3.0, name="in_tuple"), [1, 2])}
            self.back = self

    net = MyHTTPNet2Go()
    late = net.layers[0].late(), Layer.late.__name__
    original = []
    net.shared = original
    original.append(tf.Variable(1.0, name="added"))

    def names(values):
        return [value.name for value in values]

    def attempt(action):
        try:
            return [str(action())]
        except Exception as error:
            return [type(error).__name__, str(error).partition(" of ")[0]]

    result = {
        "name": [net.name, net.name_scope.name, net.layers[0].name_scope.name, net.layers[1].name, *late],
        "variables": names(net.variables),
        "trainable": names(net.trainable_variables),
        "non_trainable": names(net.non_trainable_variables),
        "submodules": names(net.submodules),
        "paths": [str(path) for path, _ in net._flatten(predicate=lambda leaf: hasattr(leaf, "name"), with_path=True)],
        "flat": names(net._flatten(predicate=lambda leaf: isinstance(leaf, tf.Variable), recursive=False)),
        "bad_names": [attempt(lambda name=name: tf.Module(name=name)) for name in ("1a", "a b", "a/b", "")],
        "kinds": [str(isinstance(net.layers, list)), str(isinstance(net.table, dict)), type(net.layers).__name__],
        "deepcopy": names(copy.deepcopy(net).variables),
    }
    net.plain, net.dictionary, net.pair = [1, 2], {"x": 1}, (1, 2)
    result["reprs"] = [repr(net.plain), repr(net.dictionary), str(net.dictionary), repr(net.pair)]
    result["list"] = [repr(net.plain + [3]), repr([0] + net.plain), str(net.plain == [1, 2]), repr(net.plain[:1]),
                      repr(sorted(net.plain)), repr(np.array(net.plain)), repr(list(net.plain))]  # fmt: skip
    result["dict"] = [repr(dict(net.dictionary)), repr({**net.dictionary}), str(net.dictionary == {"x": 1})]
    del net.table
    result["deleted"] = names(net.variables)
    net.mixed = {1: 1, "a": 2}
    result["unsortable"] = attempt(lambda: net.variables)
    return result


@program
def name_scopes(tf):
    seen = []

    def note(scope):
        seen.append(f"{scope} {tf.Variable(1.0, name='x').name} {tf.get_current_name_scope()}")

    with tf.name_scope("a") as outer:
        note(outer)
        with tf.name_scope("b") as inner:
            note(inner)
        with tf.name_scope("c/") as absolute:
            note(absolute)
        with tf.name_scope("") as none:
            note(none)
    again = tf.name_scope("q")
    with again as first, again as second:
        note(first)
        note(second)
    note(again.name)
    try:
        tf.name_scope(1)
    except ValueError as error:
        seen.append(str(error))
    return seen
