"""Checkpoints are TensorFlow's: files with the same bytes, recorded by oracle/record_checkpoints.py, and the same behaviour."""

import gc
import json
import logging
import os
import pathlib
import weakref

import numpy as np
import pytest
from oracle.checkpoint_programs import FILES, PROGRAMS, kept, module, outcome, values
from oracle.compare import plain_differences

import tfcompat as tf
from tfcompat.train import _bundle
from tfcompat.train._crc32c import crc32c, masked, unmasked

DATA = pathlib.Path(__file__).parent / "oracle" / "data"
RECORDED = json.loads((DATA / "checkpoints.json").read_text(encoding="utf-8"))
FOLDER = DATA / "checkpoints"
SUFFIXES = (".index", ".data-00000-of-00001")

# Keras's warning is the same under TensorFlow.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")


@pytest.fixture(autouse=True)
def quiet():
    """Warnings about unrestored values are TensorFlow's, too."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    gc.collect()
    logger.setLevel(level)


def test_all_is_recorded():
    assert PROGRAMS.keys() == RECORDED.keys()
    assert {f"{name}{suffix}" for name in FILES for suffix in SUFFIXES} == {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_tensorflow(name, tmp_path):
    found = json.loads(json.dumps(outcome(tf, PROGRAMS[name], tmp_path)))
    wrong = plain_differences(RECORDED[name], found)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", FILES)
def test_files_have_tensorflows_bytes(name, tmp_path):
    path = FILES[name](tf).write(tmp_path / name)
    for suffix in SUFFIXES:
        assert kept(pathlib.Path(path + suffix).read_bytes()) == (FOLDER / f"{name}{suffix}").read_bytes()


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"large"}))
def test_tensorflows_files_are_restored(name, tmp_path):
    checkpoint = FILES[name](tf)
    for trackable, _ in checkpoint._view.objects().values():
        if "VARIABLE_VALUE" in (own := _own_tensors(trackable)):
            blank = np.zeros_like(own["VARIABLE_VALUE"].numpy())
            trackable.assign(blank if blank.dtype != object else np.full_like(blank, b""))
    path = checkpoint.write(tmp_path / "blank")
    assert pathlib.Path(path + SUFFIXES[1]).read_bytes() != (FOLDER / f"{name}{SUFFIXES[1]}").read_bytes()
    checkpoint.read(FOLDER / name).assert_consumed()
    path = checkpoint.write(tmp_path / "again")
    for suffix in SUFFIXES:
        assert pathlib.Path(path + suffix).read_bytes() == (FOLDER / f"{name}{suffix}").read_bytes()


def _own_tensors(trackable):
    try:
        return trackable._serialize_to_tensors()
    except NotImplementedError:
        return {}


def test_large_files_are_read_again(tmp_path):
    checkpoint = FILES["large"](tf)
    path = checkpoint.write(tmp_path / "large")
    before = [v.numpy() for v in checkpoint.group[-1].variables] + [checkpoint.matrix.numpy()]
    checkpoint.matrix.assign(tf.zeros_like(checkpoint.matrix))
    checkpoint.read(path).assert_consumed()
    for old, new in zip(before, [*checkpoint.group[-1].variables, checkpoint.matrix], strict=True):
        np.testing.assert_array_equal(old, new)


# Checksums


def crc_by_bits(data):
    register = 0xFFFFFFFF
    for octet in data:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.mark.parametrize("length", [*range(20), 63, 64, 65, 127, 1000, 16383, 16384, 16385, 16387, 16388, 33000])
def test_checksums(length):
    data = np.random.RandomState(length).bytes(length)
    assert crc32c(data) == crc_by_bits(data)
    assert crc32c(np.frombuffer(data, np.uint8)) == crc_by_bits(data)


def test_checksum_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283
    assert unmasked(masked(0xE3069283)) == 0xE3069283
    assert crc32c(np.frombuffer(b"xx123456789", np.uint8)[2:]) == 0xE3069283


# Damage


def damaged(octets, how):
    if how == "short":
        return octets[: len(octets) // 2]
    position = {"first": 0, "middle": len(octets) // 2, "last": len(octets) - 1}[how]
    return octets[:position] + bytes([octets[position] ^ 1]) + octets[position + 1 :]


@pytest.mark.parametrize("how", ["first", "middle", "last", "short"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damage_is_found(suffix, how, tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0]), s=tf.Variable(["a", "b"]))
    path = checkpoint.write(tmp_path / "c")
    file = pathlib.Path(path + suffix)
    file.write_bytes(damaged(file.read_bytes(), how))
    checkpoint.v.assign([5.0, 6.0])
    with pytest.raises(tf.errors.DataLossError):
        checkpoint.read(path)
        for key, _ in tf.train.list_variables(path):
            tf.train.load_variable(path, key)
    assert values(checkpoint.v) == [[5.0, 6.0]]


def test_every_flipped_byte_of_an_index_is_found(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0]))
    path = checkpoint.write(tmp_path / "c")
    file = pathlib.Path(path + ".index")
    octets = file.read_bytes()
    want = tf.train.load_variable(path, "v/.ATTRIBUTES/VARIABLE_VALUE")
    for position in range(len(octets)):
        file.write_bytes(octets[:position] + bytes([octets[position] ^ 64]) + octets[position + 1 :])
        try:
            found = tf.train.load_variable(path, "v/.ATTRIBUTES/VARIABLE_VALUE")
        except tf.errors.OpError:
            continue
        np.testing.assert_array_equal(found, want)  # padding


def test_a_missing_data_file(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0]))
    path = checkpoint.write(tmp_path / "c")
    os.remove(path + SUFFIXES[1])
    with pytest.raises(tf.errors.OpError, match="No such file or directory"):
        checkpoint.read(path)


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    checkpoint = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0]))
    path = checkpoint.write(tmp_path / "c")
    before = sorted(os.listdir(tmp_path))
    monkeypatch.setattr(_bundle, "crc32c", lambda data: 1 / 0)
    checkpoint.v.assign([5.0, 6.0])
    with pytest.raises(ZeroDivisionError):
        checkpoint.write(path)
    monkeypatch.undo()
    assert sorted(os.listdir(tmp_path)) == before
    checkpoint.read(path).assert_consumed()
    assert values(checkpoint.v) == [[1.0, 2.0]]


# What is not offered, and what is reported


def test_refusals(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(1.0))
    with pytest.raises(NotImplementedError, match=r"tf\.train\.Checkpoint\.write"):
        tf.function(lambda: checkpoint.write(tmp_path / "c"))()
    with pytest.raises(NotImplementedError, match="experimental_sharding_callback"):
        tf.train.CheckpointOptions(experimental_sharding_callback=1)
    with pytest.raises(NotImplementedError, match=r"tf\.train\.CheckpointView"):
        tf.train.CheckpointView  # noqa: B018
    _bundle.write(str(tmp_path / "named"), {"weights": np.float32([1.0])})
    with pytest.raises(NotImplementedError, match=r"tf\.compat\.v1\.train\.Saver"):
        checkpoint.restore(tmp_path / "named")
    assert tf.train.load_variable(tmp_path / "named", "weights").tolist() == [1.0]


def test_what_was_never_restored_is_reported(tmp_path, caplog):
    path = tf.train.Checkpoint(v=tf.Variable(1.0), w=tf.Variable(2.0)).save(tmp_path / "c")
    logging.getLogger("tensorflow").setLevel(logging.WARNING)

    def reports(use):
        caplog.clear()
        target = tf.train.Checkpoint(v=tf.Variable(0.0))
        use(target.restore(path))
        del target
        gc.collect()
        return [record.getMessage() for record in caplog.records]

    found = reports(lambda status: status)
    assert found[0].startswith("Detecting that an object or model or tf.train.Checkpoint is being deleted with unrestored values")
    assert found[1:] == ["Value in checkpoint could not be found in the restored object: (root).w"]
    assert reports(lambda status: status.expect_partial()) == []


def test_what_waits_for_a_value_keeps_no_object_alive(tmp_path):
    path = tf.train.Checkpoint(m=module(tf, v=tf.Variable(1.0), w=tf.Variable(2.0))).save(tmp_path / "c")
    target = tf.train.Checkpoint(m=module(tf, v=tf.Variable(0.0)))
    status = target.restore(path).expect_partial()
    inner = weakref.ref(target.m.v)
    del target, status
    assert inner() is None


def test_iterating_over_new_checkpoints(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(1.0))
    path = checkpoint.save(tmp_path / "c")
    assert list(tf.train.checkpoints_iterator(str(tmp_path), timeout=0)) == [path]
    found = []
    for new in tf.train.checkpoints_iterator(str(tmp_path), timeout=0, timeout_fn=lambda: len(found) == 3):
        found.append(os.path.basename(new))
        checkpoint.save(tmp_path / "c")
    assert found == ["c-1", "c-2", "c-3"]
