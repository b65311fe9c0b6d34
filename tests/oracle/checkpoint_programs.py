"""Programs with checkpoints, run alike with TensorFlow and with tfcompat.

`FILES` are functions of `tf` that make a Checkpoint; TensorFlow's files of them are recorded (of large files their digests),
and ours have the same bytes.
`PROGRAMS` are functions of `tf` and an empty directory that give plain data.
"""

import hashlib
import os

import numpy as np

FILES, PROGRAMS = {}, {}


def file(function):
    FILES[function.__name__] = function
    return function


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def kept(octets):
    """What is recorded of a file."""
    return octets if len(octets) < 20_000 else hashlib.sha256(octets).hexdigest().encode()


def outcome(tf, function, directory):
    """What a program gives. Its directory is the current one meanwhile."""
    before = os.getcwd()
    os.chdir(directory)
    try:
        return function(tf)
    finally:
        os.chdir(before)


def error(function, *arguments, **keywords):
    """The type and the text of the error that a call raises."""
    try:
        function(*arguments, **keywords)
    except Exception as found:  # noqa: BLE001 - all of them are compared
        text = getattr(found, "message", None) or str(found)
        return [type(found).__name__, text.rpartition("}} ")[2]]
    return None


def values(*variables):
    return [np.asarray(v).tolist() for v in variables]


def text_of(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def module(tf, **attributes):
    made = tf.Module()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


# Files


@file
def variables(tf):
    made = {name: tf.Variable(tf.cast([[1, 2, 3]], name)) for name in (
        "float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "complex64", "complex128", "bool")}  # fmt: skip
    made["string"] = tf.Variable([["a", "bcd"], ["", "ä" * 200]])
    made["scalar_string"] = tf.Variable("one")
    made["empty"] = tf.Variable(np.zeros([0, 3], np.float32))
    made["named"] = tf.Variable(1.0, name="another_name")
    return tf.train.Checkpoint(**made)


@file
def containers(tf):
    model = module(tf, weights=[tf.Variable(1), {"a/b": tf.Variable(2), "c.d": tf.Variable(3), "π": tf.Variable(4)}],
                   pair=(tf.Variable(5), (tf.Variable(6), 7)), layers=[module(tf, w=tf.Variable([1.0, 2.0])), 3.0, module(tf)],
                   generator=tf.random.Generator.from_seed(7), nothing=[], text="none", settings={"lr": 0.1})  # fmt: skip
    model.again = model.layers[0]
    model.itself = model
    return tf.train.Checkpoint(model=model, step=tf.Variable(8, dtype=tf.int64), list=[tf.Variable(9)], d={"x": tf.Variable(10)})


@file
def rooted(tf):
    return tf.train.Checkpoint(module(tf, v=tf.Variable([1.0, 2.0])), step=tf.Variable(3), other=module(tf, w=tf.Variable(4)))


@file
def large(tf):
    """More than one block of the index, arrays of many lengths, one of several rows of words."""
    names = [f"a_variable_{i}_{'x' * 150}" for i in range(1500)]
    group = [module(tf, **{name: tf.Variable(np.arange(i % 300, dtype=np.float32))}) for i, name in enumerate(names)]
    return tf.train.Checkpoint(group=group, matrix=tf.Variable(np.arange(70_003, dtype=np.float32)))


@file
def keras_model(tf):
    layers = tf.keras.layers
    inputs = tf.keras.Input((4,), name="inputs")
    x = layers.Dense(3, kernel_initializer="ones", name="dense")(inputs)
    x = layers.BatchNormalization(name="norm")(x)
    outputs = layers.LSTMCell(2, kernel_initializer="ones", recurrent_initializer="ones", name="cell")(x, [x[:, :2], x[:, :2]])[0]
    model = tf.keras.Model(inputs, outputs)
    optimizer = tf.keras.optimizers.Adam(0.5, name="adam")
    optimizer.build(model.trainable_variables)
    return tf.train.Checkpoint(model=model, optimizer=optimizer, step=tf.Variable(1))


@file
def keras_subclass(tf):
    class Net(tf.keras.Model):
        def __init__(self):
            super().__init__(name="net")
            self.first = tf.keras.layers.Dense(3, kernel_initializer="ones", name="first")
            self.more = [tf.keras.layers.Dense(2, kernel_initializer="ones", name="second")]

        def call(self, x):
            return self.more[0](self.first(x))

    net = Net()
    net(tf.ones([1, 2]))
    optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.5, name="sgd")
    optimizer.build(net.trainable_variables)
    return tf.train.Checkpoint(net, optimizer=optimizer)


# Programs


@program
def saves(tf):
    step = tf.Variable(1)
    checkpoint = tf.train.Checkpoint(step=step)
    first = checkpoint.save("folder/name")
    step.assign(5)
    found = [first, checkpoint.save("folder/name"), sorted(os.listdir("folder")), text_of("folder/checkpoint")]
    checkpoint.restore(first).assert_consumed()
    found += [values(step, checkpoint.save_counter), tf.train.latest_checkpoint("folder")]
    found += [checkpoint.save("folder/name"), tf.train.latest_checkpoint("folder")]
    found += [checkpoint.save("plain"), text_of("checkpoint"), checkpoint.write("deep/er/written"), sorted(os.listdir("deep/er"))]
    absolute = os.path.join(os.getcwd(), "folder", "ä\"' b")
    checkpoint.save(absolute)
    found += [text_of("folder/checkpoint"), os.path.basename(tf.train.latest_checkpoint(os.path.join(os.getcwd(), "folder")))]
    return found


@program
def paths(tf):
    import pathlib

    checkpoint = tf.train.Checkpoint(v=tf.Variable(1))
    path = checkpoint.save(pathlib.Path("a") / "b")
    checkpoint.restore(pathlib.Path(path)).assert_consumed()
    manager = tf.train.CheckpointManager(checkpoint, pathlib.Path("m"), 2)
    return [path, manager.save(), tf.train.latest_checkpoint(pathlib.Path("m")), str(tf.train.get_checkpoint_state(pathlib.Path("a")))]


@program
def states(tf):
    os.mkdir("empty")
    found = [tf.train.latest_checkpoint("empty"), tf.train.latest_checkpoint("nowhere"), tf.train.get_checkpoint_state("nowhere")]
    tf.train.Checkpoint(v=tf.Variable(1)).save("c")
    state = tf.train.get_checkpoint_state(".")
    found += [str(state), state.model_checkpoint_path, list(state.all_model_checkpoint_paths), list(state.all_model_checkpoint_timestamps)]
    found.append(state.last_preserved_timestamp)
    for text in ("nonsense here", "", 'model_checkpoint_path: "gone"\n', "# one\nmodel_checkpoint_path : 'c-1' # two\n\n last_preserved_timestamp: 3",
                 'model_checkpoint_path: "\\303\\244\\"x" all_model_checkpoint_paths: "y"', "model_checkpoint_path: 3"):  # fmt: skip
        with open("checkpoint", "w") as target:
            target.write(text)
        found.append([error(tf.train.get_checkpoint_state, "."), error(tf.train.latest_checkpoint, ".")])
        found.append(None if found[-1][0] else str(tf.train.get_checkpoint_state(".")))
    return found


@program
def readers(tf):
    checkpoint = tf.train.Checkpoint(v=tf.Variable([[1.0, 2.0]]), n=tf.Variable(3), s=tf.Variable(["a", "b"]), one=tf.Variable("x"))
    path = checkpoint.save("c")
    reader = tf.train.load_checkpoint(path)
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    keys = sorted(shapes)
    tensors = [reader.get_tensor(key) for key in keys if "GRAPH" not in key]
    return [
        [[key, shapes[key], dtypes[key].name] for key in keys],
        [[type(t).__name__, str(getattr(t, "dtype", None)), repr(np.asarray(t).tolist())] for t in tensors],
        [reader.has_tensor("v"), reader.has_tensor(keys[-1])],
        reader.debug_string().decode(),
        tf.train.list_variables("."),
        tf.train.load_variable(".", "v/.ATTRIBUTES/VARIABLE_VALUE:0").tolist(),
        error(tf.train.load_variable, path, "v"),
        error(tf.train.load_checkpoint, "nowhere"),
        error(tf.train.list_variables, "nowhere/c-1"),
    ]


@program
def refusals(tf):
    checkpoint = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0]), w=tf.Variable(1))
    path = checkpoint.save("c")
    owner = module(tf, x=tf.Variable(1))
    restore = [
        tf.train.Checkpoint(v=tf.Variable([1.0, 2.0, 3.0])),
        tf.train.Checkpoint(v=tf.Variable([1, 2])),
        tf.train.Checkpoint(v=tf.Variable([1.0, 2.0], dtype=tf.float64)),
        tf.train.Checkpoint(v=tf.Variable([1.0, 2.0], dtype=tf.float16)),
    ]
    found = [error(c.restore, path) for c in restore]
    found += [error(checkpoint.restore, "c"), error(checkpoint.restore, "no/where"), error(checkpoint.read, "no/where")]
    found += [error(tf.train.Checkpoint, x=2), error(tf.train.Checkpoint, 2), error(tf.train.Checkpoint, owner, x=None)]
    found += [error(tf.train.Checkpoint, owner, x=tf.Variable(2)), error(tf.train.Checkpoint, owner, x=owner.x)]
    found += [error(tf.train.CheckpointManager, checkpoint, "m", 0), error(tf.train.CheckpointManager, checkpoint, "m", None, checkpoint_interval=3)]
    found.append(error(tf.function(lambda: checkpoint.save("f")))[0])
    open_sizes = tf.Variable([1.0, 2.0, 3.0], shape=[None])
    tf.train.Checkpoint(v=open_sizes).restore(path)
    return [*found, values(open_sizes)]


@program
def assertions(tf):
    path = tf.train.Checkpoint(v=tf.Variable([1.0]), w=tf.Variable(1)).save("c")
    checkpoints = {
        "less": lambda: tf.train.Checkpoint(v=tf.Variable([0.0])),
        "more": lambda: tf.train.Checkpoint(v=tf.Variable([0.0]), w=tf.Variable(0), x=tf.Variable(2)),
        "other": lambda: tf.train.Checkpoint(x=tf.Variable(2)),
        "empty": lambda: tf.train.Checkpoint(),
        "same": lambda: tf.train.Checkpoint(v=tf.Variable([0.0]), w=tf.Variable(0)),
        "list": lambda: tf.train.Checkpoint(v=tf.Variable([0.0]), w=tf.Variable(0), x=[]),
        "deeper": lambda: tf.train.Checkpoint(v=module(tf, v=tf.Variable([0.0])), w=tf.Variable(0)),
    }
    found = {}
    for name, make in checkpoints.items():
        for method in ("assert_consumed", "assert_existing_objects_matched", "assert_nontrivial_match", "expect_partial"):
            checkpoint = make()
            status = checkpoint.restore(path)
            status.expect_partial()
            found[f"{name} {method}"] = error(getattr(status, method))
    nothing = tf.train.Checkpoint(v=tf.Variable(1.0)).restore(None)
    for method in ("assert_consumed", "assert_existing_objects_matched", "assert_nontrivial_match", "run_restore_ops", "expect_partial"):
        found[method] = error(getattr(nothing, method))
    return found


@program
def later_objects(tf):
    """What is made after `restore` gets its value then."""
    source = tf.train.Checkpoint(a=tf.Variable([1.0, 2.0]), m=module(tf, v=tf.Variable(3), l=[tf.Variable(4), module(tf, w=tf.Variable(5))]),
                                 d={"k": tf.Variable(6)})  # fmt: skip
    source.save_counter.assign(7)
    path = source.save("c")
    target = tf.train.Checkpoint()
    status = target.restore(path)
    found = [error(status.assert_consumed)[0]]
    target.a = tf.Variable([0.0, 0.0])
    target.m = module(tf)
    target.m.l = []
    target.m.l.append(tf.Variable(0))
    target.m.v = tf.Variable(0)
    inner = module(tf, w=tf.Variable(0))
    target.m.l.append(inner)
    target.d = {}
    target.d["k"] = tf.Variable(0)
    found += values(target.a, target.m.v, target.m.l[0], inner.w, target.d["k"], target.save_counter)
    status.assert_consumed()
    target.a = tf.Variable([9.0, 9.0])  # of the same name once more: nothing waits for it
    return [*found, values(target.a)]


@program
def waiting_twice(tf):
    paths = [tf.train.Checkpoint(v=tf.Variable(k)).write(f"c{k}") for k in (1, 2)]
    target = tf.train.Checkpoint()
    target.read(paths[0]).expect_partial()
    target.read(paths[1]).expect_partial()
    target.v = tf.Variable(0)
    return values(target.v)


@program
def wrong_later(tf):
    path = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0])).write("c")
    target = tf.train.Checkpoint()
    target.read(path).expect_partial()
    return error(setattr, target, "v", tf.Variable([1.0]))


@program
def shared(tf):
    one = tf.Variable(1.0)
    path = tf.train.Checkpoint(a=one, b=one).save("c")
    a, b = tf.Variable(2.0), tf.Variable(3.0)
    status = tf.train.Checkpoint(a=a, b=b).restore(path)
    return [values(a, b), error(status.assert_consumed)[0], [key for key, _ in tf.train.list_variables(path)]]


@program
def roots(tf):
    m = module(tf, v=tf.Variable(1))
    checkpoint = tf.train.Checkpoint(m, step=tf.Variable(2))
    path = checkpoint.save("c")
    again = module(tf, v=tf.Variable(0))
    rooted_again = tf.train.Checkpoint(again, step=tf.Variable(0))
    rooted_again.restore(path).assert_consumed()
    plain = tf.train.Checkpoint(v=tf.Variable(0))
    plain.restore(path).expect_partial()
    nested = tf.train.Checkpoint(tf.train.Checkpoint(v=tf.Variable(0)))
    nested.restore(path).expect_partial()
    return values(again.v, rooted_again.step, rooted_again.save_counter, plain.v, nested.root.v, nested.save_counter)


@program
def managers(tf):
    step = tf.Variable(0)
    checkpoint = tf.train.Checkpoint(step=step)
    called = []
    manager = tf.train.CheckpointManager(checkpoint, "m", max_to_keep=2, checkpoint_name="n", init_fn=lambda: called.append(1))
    found = [manager.restore_or_initialize(), len(called), manager.latest_checkpoint, manager.checkpoints, manager.directory]
    for _ in range(4):
        step.assign_add(1)
        found.append(manager.save())
    found += [manager.checkpoints, manager.latest_checkpoint, sorted(os.listdir("m")), tf.train.latest_checkpoint("m")]
    found += [manager.save(checkpoint_number=77), manager.save(tf.constant(5)), manager.save(tf.Variable(6)), manager.checkpoints]
    step.assign(100)
    other = tf.train.CheckpointManager(checkpoint, "m", max_to_keep=3)
    found += [other.checkpoints, other.restore_or_initialize(), len(called), values(step), other.save(), other.checkpoints]
    found += [sorted(os.listdir("m")), [line.partition(":")[0] for line in text_of("m/checkpoint").splitlines()]]
    every = tf.train.CheckpointManager(checkpoint, "all", max_to_keep=None)
    return [*found, [every.save() for _ in range(3)], every.checkpoints, manager.checkpoint is checkpoint, manager.checkpoint_interval]


@program
def intervals(tf):
    step = tf.Variable(0)
    checkpoint = tf.train.Checkpoint(step=step)
    make = lambda **more: tf.train.CheckpointManager(checkpoint, "m", 10, step_counter=step, checkpoint_interval=3, **more)  # noqa: E731
    manager, found = make(), []
    for _ in range(8):
        found.append(manager.save())
        step.assign_add(1)
    found += [manager.save(check_interval=False), manager.save(check_interval=False), manager.checkpoint_interval]
    other = make(last_checkpoint_step=6)
    found += [other.save(), other.restore_or_initialize(), other.save(), step.assign_add(3) is None, other.save()]
    return found


@program
def hours(tf):
    """What is kept for good, by times that are written into the file."""
    import time

    checkpoint = tf.train.Checkpoint(v=tf.Variable(1))
    now = time.time()
    paths = [checkpoint.write(f"m/ckpt-{k}") for k in range(5)]
    times = [now - 3600 * hours for hours in (9.5, 9, 6, 5, 1)]
    lines = [f'model_checkpoint_path: "{os.path.basename(paths[-1])}"', *(f'all_model_checkpoint_paths: "ckpt-{k}"' for k in range(5))]
    lines += [*(f"all_model_checkpoint_timestamps: {t!r}" for t in times), f"last_preserved_timestamp: {now - 10 * 3600!r}"]
    with open("m/checkpoint", "w") as target:
        target.write("\n".join(lines))
    manager = tf.train.CheckpointManager(checkpoint, "m", 1, keep_checkpoint_every_n_hours=2)
    found = [manager.checkpoints, manager.save(), manager.checkpoints, sorted(os.listdir("m"))]
    state = tf.train.get_checkpoint_state("m")
    return [*found, round((now - state.last_preserved_timestamp) / 360)]


@program
def options(tf):
    called = []
    given = tf.train.CheckpointOptions(experimental_write_callbacks=[called.append, lambda: called.append("none")])
    checkpoint = tf.train.Checkpoint(v=tf.Variable(1))
    paths = [checkpoint.save("c", options=given), checkpoint.write("w", given), tf.train.CheckpointManager(checkpoint, "m", 2).save(options=given)]
    checkpoint.restore(paths[0], options=tf.train.CheckpointOptions(experimental_io_device="/job:localhost")).assert_consumed()
    return [paths, called, len(given.experimental_write_callbacks), given.enable_async, given.experimental_skip_slot_variables]


@program
def python_state(tf):
    class State(tf.train.experimental.PythonState):
        def __init__(self, value):
            self.value = value

        def serialize(self):
            return str(self.value)

        def deserialize(self, string_value):
            self.value = int(string_value)

    path = tf.train.Checkpoint(p=State(12)).save("c")
    target = tf.train.Checkpoint(p=State(0))
    target.restore(path).assert_consumed()
    return [target.p.value, [key for key, _ in tf.train.list_variables(path)]]


@program
def iterators(tf):
    """A data set's iterator goes on where it was."""
    def sources():
        tf.random.set_seed(3)
        d = tf.data.Dataset
        yield d.range(7).repeat(2).batch(2)
        yield d.range(6).shuffle(4, seed=5).repeat(3)
        yield d.from_tensor_slices(list(range(9))).shuffle(9).map(lambda x: x * 2).batch(2)
        yield d.range(5).flat_map(lambda x: d.range(x))
        yield d.zip((d.range(5).shuffle(3, seed=1), d.random(seed=4).take(5).map(lambda x: x % 100)))

    def plain(element):
        return [np.asarray(part).tolist() for part in tf.nest.flatten(element)]

    found = []
    for number, source in enumerate(sources()):
        list(source)  # another iterator before: shuffles go on with other seeds
        iterator = iter(source)
        taken = [plain(next(iterator)) for _ in range(3)]
        checkpoint = tf.train.Checkpoint(iterator=iterator)
        path = checkpoint.save(f"c{number}")
        rest = [plain(element) for element in iterator]
        checkpoint.restore(path).assert_consumed()
        again = [plain(element) for element in iterator]
        other = iter(list(sources())[number])
        tf.train.Checkpoint(iterator=other).restore(path).assert_consumed()
        found += [taken, rest, again == rest, [plain(element) for element in other] == rest]
    return found


@program
def lazy_keras_layers(tf):
    """Layers and optimizers that are built after `restore`, in a function, too."""
    keras = tf.keras

    def make():
        return keras.Sequential([keras.layers.Dense(3, kernel_initializer="ones"), keras.layers.Dense(1)]), keras.optimizers.Adam(0.1)

    def train(model, optimizer, steps, function):
        x = tf.reshape(tf.range(8.0), [4, 2]) / 8
        model_step = tf.function(_step) if function else _step
        for _ in range(steps):
            model_step(model, optimizer, x)
        return [np.asarray(v).round(4).tolist() for v in [*model.variables, *optimizer.variables]]

    def _step(model, optimizer, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - 1.0) ** 2)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    keras.utils.set_random_seed(1)
    model, optimizer = make()
    train(model, optimizer, 3, False)
    path = tf.train.Checkpoint(model=model, optimizer=optimizer).save("c")
    found = [[key for key, _ in tf.train.list_variables(path)], train(model, optimizer, 2, False)]
    for function in (False, True):
        model, optimizer = make()
        status = tf.train.Checkpoint(model=model, optimizer=optimizer).restore(path)
        found.append(train(model, optimizer, 2, function))
        status.assert_consumed()
    return found


@program
def restored_in_steps(tf):
    """Values that were restored are what compiled steps go on with."""
    v = tf.Variable([1.0, 2.0])
    checkpoint = tf.train.Checkpoint(v=v)

    @tf.function
    def step():
        v.assign_add(v * 0.5)

    for _ in range(30):
        step()
    path = checkpoint.save("c")
    found = values(v)
    for _ in range(30):
        v.assign(v - 1.0)
    step()
    checkpoint.restore(path).assert_consumed()
    found += values(v)
    step()
    with tf.GradientTape() as tape:
        checkpoint.restore(path)
        y = v * v
    return [*found, *values(v, tape.gradient(y, v))]
