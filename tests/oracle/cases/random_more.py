"""Gamma, Poisson and binomial numbers, shuffles of indices, candidate samplers: the numbers that TensorFlow draws."""

from ..table import case, expr, lit, ref


def cases():
    yield from _stateful()
    yield from _generators()
    yield from _stateless()
    yield from _shuffles()
    yield from _sampled()
    yield from _truncated()


def seeded(text, **inputs):
    return expr(f"(tf.random.set_seed(3), {text})[1]", **inputs)


def _stateful():
    gamma = "tf.random.gamma"
    for dtype in ("float32", "float64", "float16"):
        alpha = lit([0.5, 1.0, 3.0], dtype)
        # Gradients of half precision come from samples that are rounded.
        yield seeded(f"{gamma}([10], a, dtype=tf.{dtype})", a=alpha, grad=dtype != "float16")
    yield seeded(f"{gamma}([3], a, b)", a=lit([2.0, 0.1], "float32"), b=lit([[3.0], [4.0]], "float32"))
    yield seeded(f"[{gamma}([3], 2.0, seed=4) for _ in range(3)]")
    yield seeded(f"{gamma}([], [2.0, 1.0])")
    yield seeded(f"{gamma}([0], [2.0, 1.0])")
    yield seeded(f"{gamma}([2, 2], [2.0, 1.0])")
    yield seeded(f"{gamma}([2000], 0.7)")
    yield seeded(f"{gamma}([2], a)", a=lit([1.0, -1.0, 2.0, float("nan"), float("inf"), -0.5], "float32"), grad=False)
    for text in (f"{gamma}([2], 1, dtype=tf.int32)", f"{gamma}([-1], 1.0)", f"{gamma}([2], 'a')", f"{gamma}([2], [1.0, 2.0], [1.0] * 3)"):
        yield expr(text)
    poisson = "tf.random.poisson"
    for lam in ("[0.5, 1.0, 30.0]", "[0.5, 9.99, 1000.0]", "tf.constant([0.3, 12.3])", "tf.constant([12, 3])", "[-1.0, 0.0]",
                "tf.constant([2.5, 40.0], tf.float16)"):  # fmt: skip
        yield seeded(f"{poisson}([10], {lam})")
        yield seeded(f"{poisson}([2, 3], {lam}, dtype=tf.int32)")
    yield seeded(f"[{poisson}([3], 12.0, dtype=tf.float64, seed=7) for _ in range(2)]")
    yield seeded(f"{poisson}([0], [2.0, 1.0])")
    for text in (f"{poisson}([2], 1.0, dtype=tf.complex64)", f"{poisson}([2], 'a')"):
        yield expr(text)


def _generators():
    start = "[(g.binomial({}), g.normal([2]), g.state) for g in [tf.random.Generator.from_seed(7)]]"
    for call in ("[5], 10.0, 0.3", "[3, 2], [100.0, 5.0], 0.5", "[2, 7], 200.0, [0.1] * 7", "[4, 3], [10.0, 20.0, 30.0], 0.5",
                 "[0], 10.0, 0.5", "[], 10.0, 0.5", "[2], 10.0, 0.5, tf.float32", "[2], [1.0, 2.0, 3.0], 0.5", "[2], 10.0, 0.5, tf.string"):  # fmt: skip
        yield expr(start.format(call))


def _stateless():
    seed = lit([1, 2], "int32")
    gamma, poisson, binomial = (f"tf.random.stateless_{name}" for name in ("gamma", "poisson", "binomial"))
    for dtype in ("float32", "float64"):
        yield case(gamma, [10, 3], seed, lit([0.5, 1.0, 3.0], dtype), dtype=ref(f"tf.{dtype}"))
    yield case(gamma, [4, 2], seed, lit([0.5, 1.0], "float32"), beta=lit([[1.0], [2.0], [3.0], [4.0]], "float32"))
    yield case(gamma, [4], lit([-5, 2**40], "int64"), 5.0)
    for shape, more in (([10, 3], {}), ([4], {"seed": [1, 2, 3]}), ([-1], {})):
        yield case(gamma, shape, more.get("seed", [1, 2]), [0.5, 1.0])
    for lam in ([0.5, 1.0, 30.0], lit([3.5, 10.0, 200.0], "float32"), lit([1, 20, 3], "int32")):
        yield case(poisson, [10, 3], seed, lam)
        yield case(poisson, [10, 3], seed, lam, dtype=ref("tf.float32"))
    yield case(poisson, [10, 2], seed, [0.5, 1.0, 30.0])
    yield case(poisson, [2], seed, 1.0, dtype=ref("tf.bool"))
    for shape, counts, probs, more in (
        ([10, 3], [5.0, 10.0, 1000.0], [0.3, 0.7, 0.5], {}), ([10], 100.0, 0.9, {}),
        ([4, 2], [[10.0], [20.0], [300.0], [4000.0]], [0.2, 0.6], {}), ([24], 10.0, 0.2, {}), ([30], 50.0, 0.45, {}),
        ([5], 10, 0.2, {"output_dtype": ref("tf.float64")}), ([5], [10.0, 0.0, 3.0, 5.0, 5.0], [0.2, 0.3, 0.3, 0.0, 1.0], {}),
        ([10], [10], [0.2], {}), ([3], lit([10, 20, 30], "int32"), 0.5, {}), ([3], "a", 0.5, {}),
    ):  # fmt: skip
        yield case(binomial, shape, seed, counts, probs, **more)


def _shuffles():
    shuffle, index = "tf.random.experimental.stateless_shuffle", "tf.random.experimental.index_shuffle"
    for x in (lit(list(range(12)), "int32"), "float32[6,2]", "string[5]", "float32[]", "float32[0,2]", "float32[1]"):
        yield case(shuffle, x, [5, 9], grad=False)
    yield case(shuffle, "float32[4]", [5, 9, 3])
    yield case(index, lit(list(range(10)), "int32"), [5, 9], max_index=9)
    for i, most in ((3, 1000000), (0, 0), (lit(3, "int64"), 9), (11, 9), (lit([1, 2], "int32"), lit([5, 9], "int32")),
                    (lit(1.0, "float32"), 9), (5, 7)):  # fmt: skip
        yield case(index, i, [5, 9], max_index=most)
    for i, seed, rounds in ((lit([0, 1, 2, 3], "int32"), [1, 2, 3], 6), (2, [1, 2, 3], 4), (2, [1, 2], 4),
                            (lit([0, 1], "int32"), [[1, 2, 3], [4, 5, 6]], 4)):  # fmt: skip
        yield case("tf.random_index_shuffle", i, seed, max_index=9, rounds=rounds)


def _sampled():
    one, two = lit([[1], [5]], "int64"), lit([[1, 2], [3, 4]], "int64")
    for name in ("uniform_candidate_sampler", "log_uniform_candidate_sampler"):
        op = f"tf.random.{name}"
        for unique, most in ((True, 10), (False, 16), (False, 10)):
            yield seeded(f"{op}(c, 1, 5, {unique}, {most}, seed=2)", c=one)
            yield seeded(f"{op}(c, 2, 6, {unique}, {most})", c=two)
        yield seeded(f"[{op}(c, 1, 4, True, 1000, seed=2)[0] for _ in range(3)]", c=one)
        for args in ("c, 1, 11, True, 10", "c, 2, 5, True, 10", "c[0], 1, 5, True, 10"):
            yield expr(f"{op}({args})", c=one)
    yield from _unigrams()
    yield case("tf.random.all_candidate_sampler", one, 1, 6, True)
    yield case("tf.random.all_candidate_sampler", one, 2, 6, True)
    for sampled in ([5, 3, 1, 5], [7, 8]):
        yield case("tf.nn.compute_accidental_hits", one, lit(sampled, "int64"), 1)
    yield case("tf.nn.compute_accidental_hits", two, lit([1, 2, 3], "int64"), 2)
    yield case("tf.nn.compute_accidental_hits", two, lit([1, 2, 3], "int64"), 1)
    given = {"w": "float32[10,3]", "b": "float32[10]", "c": one, "x": "float32[2,3]"}
    for name in ("nce_loss", "sampled_softmax_loss"):
        for more in ("", ", remove_accidental_hits=True", ", remove_accidental_hits=False",
                     ", sampled_values=tf.random.uniform_candidate_sampler(c, 1, 4, False, 10, seed=9)"):  # fmt: skip
            yield seeded(f"tf.nn.{name}(w, b, c, x, 4, 10{more})", **given)
        yield seeded(f"tf.nn.{name}(w, b, c, x, 4, 10, num_true=2)", **{**given, "c": two})
        yield expr(f"tf.nn.{name}(w, b, c, x, 11, 10)", **given)
        yield expr(f"tf.nn.{name}(w, b, c[0], x, 4, 10)", **given)


def _unigrams():
    weights, true = "[1.0, 2.0, 3.0, 4.0, 5.0, 6.5, 0.5]", lit([[0, 4], [1, 5]], "int64")
    fixed, learned = "tf.random.fixed_unigram_candidate_sampler", "tf.random.learned_unigram_candidate_sampler"
    for unique in (False, True):
        yield seeded(f"[{fixed}(c, 2, 5, {unique}, 7, unigrams={weights}, seed=7) for _ in range(3)]", c=true)
        yield seeded(f"[{fixed}(c, 2, 5, {unique}, 7, unigrams={weights}) for _ in range(2)]", c=true)
        yield seeded(f"[{learned}(c, 2, 5, {unique}, 7, seed=7) for _ in range(4)]", c=true)
        yield seeded(f"[{learned}(c, 2, 5, {unique}, 16) for _ in range(2)]", c=true)
    yield seeded(f"[{learned}(c + i, 2, 4, False, 10, seed=s) for i, s in enumerate([1, 2, 1, 2, 1])]", c=true)
    yield seeded(f"[{learned}(c, 2, n, False, 10, seed=1)[1:] for n in [4, 5, 4]]", c=true)
    yield seeded(f"[{learned}(c, 2, 3, False, 6, seed=1), tf.random.set_seed(3), {learned}(c, 2, 3, False, 6, seed=1)]", c=true)
    yield seeded("tf.nn.learned_unigram_candidate_sampler(c, 2, 5, True, 7, seed=3)", c=true)
    for more in ("9, distortion=0.75, num_reserved_ids=2", "4, num_shards=2", "3, num_shards=2, shard=1", "7, distortion=0",
                 "5, num_reserved_ids=2, num_shards=2, shard=1", "4, num_reserved_ids=4, num_shards=3"):  # fmt: skip
        yield seeded(f"tf.nn.fixed_unigram_candidate_sampler(c, 1, 6, False, {more}, unigrams={weights}, seed=2)", c=lit([[1], [2]], "int64"))
    yield seeded(f"{fixed}(c, 1, 500, False, 7, unigrams={weights}, seed=2)", c=lit([[1], [2]], "int64"))
    for unigrams in ([0.0, 0.0], [-1.0, 2.0], [1, 2], [0.0, 3.0]):
        yield seeded(f"{fixed}(c, 2, 4, False, 2, unigrams={unigrams})", c=lit([[0, 1]], "int64"))
    for args in ("c, 2, 5, False, 7", f"c, 2, 5, False, 6, unigrams={weights}", f"c, 2, 8, True, 7, unigrams={weights}",
                 f"c, 1, 5, True, 7, unigrams={weights}", f"c, 2, 5, False, 7, unigrams={weights}, shard=2, num_shards=2",
                 f"c, 2, 5, False, 7, unigrams={weights}, num_shards=0", f"c, 2, 5, False, 7, unigrams={weights}, shard=-1",
                 f"c, 2, 5, False, 7, unigrams={weights}, vocab_file='weights.csv'", "c, 2, 5, False, 7, vocab_file='none.csv'",
                 "c, 2, 5, False, 2, unigrams=['a', 2.0]", "c, 2, 5, False, 2, unigrams=3",
                 f"c, 2, 5, False, 7, unigrams={weights}, distortion='x'", f"c, 2, 0, False, 7, unigrams={weights}",
                 f"c + 2, 2, 5, False, 7, unigrams={weights}"):  # fmt: skip
        yield expr(f"{fixed}({args})", c=true)
    for args in ("c, 2, 8, True, 7", "c + 4, 2, 3, True, 7", "c - 1, 2, 3, True, 7", "c, 2, 3, True, 0", "c[0], 2, 3, True, 7"):
        yield expr(f"{learned}({args})", c=true)
    for name in ("uniform", "log_uniform"):
        yield expr(f"tf.random.{name}_candidate_sampler(c, 2, 0, False, 7)", c=true)
        yield expr(f"tf.random.{name}_candidate_sampler(c, 2, 3, False, 5)", c=true)
    loss = "tf.nn.{}(tf.ones([9, 2]), tf.zeros([9]), tf.constant([[1], [3]], tf.int64), tf.ones([2, 2]), 4, 9{})"
    for text in (loss.format("sampled_softmax_loss", ""), loss.format("sampled_softmax_loss", ", seed=2"), loss.format("nce_loss", ""),
                 "tf.random.log_uniform_candidate_sampler([[1], [3]], 1, 4, True, 9)"):  # fmt: skip
        yield seeded(f"[{text}, tf.random.uniform([2])][1]")  # how many of the seeds they take


def _truncated():
    op = "tf.random.stateless_parameterized_truncated_normal"
    low, high = float("-inf"), float("inf")
    for dtype in ("float32", "float64", "float16"):
        for law in ((0.5, 2.0, -1.0, 4.0), (0.0, 1.0, -0.5, 0.5), (0.0, 1.0, 3.0, 10.0), (0.0, 1.0, -10.0, -3.0),
                    (0.0, 1.0, -1.4, 0.1), (0.0, 1.0, 0.2, 1.0), (0.0, 1.0, low, 2.0), (0.0, 1.0, 0.1, high)):  # fmt: skip
            # TensorFlow computes gradients of half precision in it, with few right digits.
            yield case(op, [11], [1, 2], *[lit(v, dtype) for v in law], grad=dtype != "float16")
    for shape, law in (
        ([5], ()), ([], ()), ([0], ()), ([2, 0], (lit([], "float32"),)), ([3, 2], ([0.0, 1.0], 1.0, [-3.0, -1.0], [3.0, 2.0])),
        ([2, 3, 2], ([[0.0], [1.0], [2.0]], 1.0, [-3.0, -1.0], [3.0, 2.0])), ([0], (0.0, -1.0)), ([3], ([0.0, 0.0],)),
        ([2, 1], ([[0.0], [0.0]], 1.0, [-1.0, -2.0])), ([2], ([0.0, 0.0, 0.0], [1.0, 1.0])), ([-1], ()), (3, ()), ([2.5], ()),
        ([2], (0.0, -1.0)), ([2], (0.0, 1.0, 2.0, 1.0)), ([2], (0.0, 1.0, low, high)), ([2], (0, 1, -1, 1)), ([2], ("a",)),
        ([2], (lit(0.0, "float64"), 1.0, -1.0, 1.0)), ([2], (lit(0.0, "bfloat16"),)),
    ):  # fmt: skip
        yield case(op, shape, lit([1, 2], "int32"), *law)
    yield case(op, [4], lit([5, 7], "int64"), minvals=-3.0, maxvals=-0.5, means="v:float32[4]", stddevs="float32[4]:pos")
    yield case(op, [4], [1, 2, 3])
