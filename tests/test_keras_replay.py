"""Updates that are recorded again without calling the Python that recorded them (tfcompat._core.replay)."""

import numpy as np
import pytest

import tfcompat as tf
from tfcompat.__internal__ import distribute
from tfcompat._core.replay import Replay

pytestmark = pytest.mark.own_mode


class Counted:
    """An update ``variable += factor * argument`` that counts its calls."""

    def __init__(self, variables, factors=None):
        self.variables, self.factors = variables, iter(factors) if factors else None
        self.calls, self.replay = 0, Replay()

    def __call__(self, *arguments, listed=None):
        def update():
            self.calls += 1
            factor = next(self.factors) if self.factors else 2.0
            for variable, argument in zip(self.variables, arguments, strict=True):
                variable.assign_add(tf.convert_to_tensor(factor) * argument)

        self.replay.call(update, list(arguments), lambda: self.variables if listed is None else listed)


def test_the_third_call_records_without_calling():
    variables = [tf.Variable([1.0, 2.0]), tf.Variable(0.5)]
    update = Counted(variables)
    for step in range(5):
        update(tf.constant([1.0, 10.0]) * float(step), tf.constant(1.0))
        assert np.array_equal(variables[0], np.array([1.0, 2.0]) + 2 * sum(range(step + 1)) * np.array([1.0, 10.0]))
        assert float(variables[1]) == 0.5 + 2 * (step + 1)
    assert update.calls == 2


def test_without_reads_the_segments_are_those_of_calls():
    def segments(replayed):
        variables = [tf.Variable([1.0, 2.0]), tf.Variable(0.5)]
        update = Counted(variables)
        for step in range(8):
            if not replayed:
                update.replay = Replay()
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(variables[0] ** 2) * variables[1]
            update(*tape.gradient(loss, variables))
            if step == 3:
                variables[0].numpy()
                before = tf.debug.stats()
        values = [variable.numpy() for variable in variables]
        after = tf.debug.stats()
        return values, [after[key] - before[key] for key in ("segments", "structures", "ops")], update.calls

    called, replayed = segments(False), segments(True)
    assert all(map(np.array_equal, called[0], replayed[0]))
    assert called[1][:2] == replayed[1][:2]
    assert replayed[1][2] == called[1][2] - 4 * 3  # four nodes are one
    assert (called[2], replayed[2]) == (8, 2)


def test_nodes_that_update_in_place_stay_nodes_of_their_own():
    table, scale, total, want = tf.Variable(tf.zeros([1000, 8])), tf.Variable(4.0), tf.Variable(1.0), np.zeros((1000, 8), "float32")
    replay, calls = Replay(), []

    def step(values):
        def update():
            calls.append(None)
            scale.assign(tf.sqrt(scale * 4.0))
            table[1:3].assign(values * scale + 1.0)
            total.assign(total / 2.0 + tf.reduce_sum(values) * scale)

        replay.call(update, [values], lambda: [table, scale, total])

    factor, summed = 4.0, 1.0
    for k in range(5):
        before = tf.debug.stats()["in_place"]
        step(tf.fill([2, 8], float(k)))
        factor = np.sqrt(factor * 4)
        want[1:3] = k * factor + 1
        summed = summed / 2 + 16 * k * factor
        np.testing.assert_allclose(total.numpy(), summed, rtol=1e-6)
        assert tf.debug.stats()["in_place"] == before + (k > 0)  # the first array was made elsewhere
    np.testing.assert_allclose(table.numpy(), want, rtol=1e-6)
    assert len(calls) == 2
    assert [spec.name for spec, _ in replay.recipe.steps] == ["Update", "ResourceStridedSliceAssign", "Update"]


def test_a_constant_that_changes_is_never_replayed():
    variable = tf.Variable(0.0)
    update = Counted([variable], factors=map(float, range(9)))
    for _ in range(9):
        update(tf.constant(1.0))
    assert (update.calls, float(variable)) == (9, 36.0)


def test_a_variable_that_is_not_listed_is_never_replayed():
    hidden, variable = tf.Variable(3.0), tf.Variable(0.0)
    replay, calls = Replay(), []

    def update(argument):
        calls.append(1)
        variable.assign_add(argument * hidden)

    for _ in range(6):
        argument = tf.constant(1.0)
        replay.call(lambda argument=argument: update(argument), [argument], lambda: [variable])
    assert len(calls) == 6
    assert float(variable) == 18.0


def test_tapes_see_calls():
    source, variable = tf.constant(3.0), tf.Variable(0.0)
    update = Counted([variable])
    for _ in range(3):
        update(source)
    with tf.GradientTape() as tape:
        tape.watch(source)
        update(source * source)
        value = tf.identity(source)
    assert update.calls == 3
    assert float(tape.gradient(value, source)) == 1.0
    assert float(variable) == 3 * 6 + 18


def test_one_result_for_two_variables():
    variables = [tf.Variable(0.0), tf.Variable(0.0)]
    replay = Replay()

    def update(argument):
        total = argument + 1.0
        for variable in variables:
            variable.assign(total)

    for step in range(5):
        argument = tf.constant(float(step))
        replay.call(lambda argument=argument: update(argument), [argument], lambda: variables)
        variables[0].assign_add(10.0)
        assert [float(variable) for variable in variables] == [step + 11.0, step + 1.0]
    assert replay.ready


@pytest.mark.parametrize("mode", ["deferred", "compiled", "sync", "random"])
@pytest.mark.parametrize(
    "name", ["SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "Adafactor", "Lion", "Lamb", "Nadam", "RMSprop"]
)
def test_keras_optimizers_are_replayed_with_the_same_values(name, mode):
    def trained(replayed):
        variables = [tf.Variable([[1.0, -2.0], [0.5, 3.0]]), tf.Variable([0.25, 0.5]), tf.Variable(tf.ones((4, 2)))]
        optimizer = getattr(tf.optimizers, name)(0.1)
        for step in range(6):
            with tf.GradientTape() as tape:
                rows = tf.gather(variables[2], [step % 4, 2, 2])  # its gradient are slices
                loss = tf.reduce_sum((rows @ variables[0] + variables[1]) ** 2)
            if not replayed:
                distribute._updates.clear()
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        ready = distribute._updates[optimizer].replay.ready
        return [np.array(variable) for variable in (*variables, *[v.value for v in optimizer.variables])], ready

    with tf.debug.mode(mode, seed=0):
        called, replayed = trained(False), trained(True)
    for value, expected in zip(replayed[0], called[0], strict=True):
        # Python keeps other tensors alive than a replay does, and XLA then fuses in other ways.
        np.testing.assert_allclose(value, expected, rtol={"random": 1e-5, "compiled": 2e-6}.get(mode, 0))
    # Where recording has to look at each op, nothing is replayed.
    assert replayed[1] == (mode in ("deferred", "compiled"))
    assert not called[1]


def test_hyperparameters_of_any_type_are_seen():
    variable = tf.Variable(1.0)
    optimizer = tf.optimizers.SGD(0.5, momentum=np.float64(0.0))
    for _ in range(4):
        optimizer.apply_gradients([(tf.constant(1.0), variable)])
    assert distribute._updates[optimizer].replay.ready
    optimizer.momentum = np.float64(0.5)
    optimizer.momentums = [tf.Variable(2.0)]
    optimizer.apply_gradients([(tf.constant(1.0), variable)])
    assert float(variable) == 1.0 - 4 * 0.5 + 0.5 * 2.0 - 0.5


def test_an_optimizer_dies_with_its_replay():
    import gc
    import weakref

    variable = tf.Variable(1.0)
    optimizer = tf.optimizers.Adam(0.1)
    for _ in range(4):
        optimizer.apply_gradients([(tf.constant(1.0), variable)])
    assert distribute._updates[optimizer].replay.ready
    gone = weakref.ref(optimizer)
    del optimizer
    gc.collect()
    assert gone() is None


def test_slices_out_of_range_are_seen():
    variable = tf.Variable(tf.ones((3, 2)))
    optimizer = tf.optimizers.SGD(0.5)

    def update(*rows):
        slices = tf.IndexedSlices(tf.ones((len(rows), 2)), tf.constant(rows), tf.constant([3, 2]))
        optimizer.apply_gradients([(slices, variable)])

    for _ in range(4):
        update(0, 2)
    assert distribute._updates[optimizer].replay.ready
    with pytest.raises(tf.errors.InvalidArgumentError, match="indices"):
        update(0, 3)
    update(0, 2)
    assert variable.numpy().tolist() == [[-1.5, -1.5], [1.0, 1.0], [-1.5, -1.5]]


def test_checks_that_are_pending_before_an_update_do_not_hinder():
    """Those of what comes in front, as labels that are pending have one; a check within the update does."""
    rows, index = tf.constant(np.arange(12, dtype=np.float32).reshape(6, 2)), tf.Variable([0, 1])
    outer, inner = Counted([tf.Variable([1.0, 2.0])]), Counted([tf.Variable([1.0, 2.0])])
    for step in range(6):
        index.assign([step % 6, step // 2])
        outer(tf.reduce_sum(tf.gather(rows, index + 0), 0))

        def update():
            inner.calls += 1
            inner.variables[0].assign_add(tf.reduce_sum(tf.gather(rows, index + 0), 0))  # noqa: B023

        inner.replay.call(update, [tf.constant(1.0)], lambda: [*inner.variables, index])
    assert (outer.calls, inner.calls) == (2, 6)
    summed = sum(rows.numpy()[[k % 6, k // 2]].sum(0) for k in range(6))
    np.testing.assert_array_equal(outer.variables[0].numpy(), 2 * summed + [1.0, 2.0])
    np.testing.assert_array_equal(inner.variables[0].numpy(), summed + [1.0, 2.0])


def test_an_update_that_is_replayed_is_undone_where_a_check_before_it_fails():
    rows, update = tf.constant([1.0, 2.0, 3.0]), Counted([tf.Variable(0.0)])

    def step(place):
        update(tf.gather(rows, tf.Variable(place) + 0))

    for place in (0, 1, 2, 1):
        step(place)
    assert (float(update.variables[0]), update.calls) == (16.0, 2)
    step(7)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices = 7 is not in \[0, 3\)"):
        update.variables[0].numpy()
    assert float(update.variables[0]) == 16.0
