"""tf.nn: transposed and dilated convolutions, morphology, odd pools, CTC, averages of losses, moments with weights."""

from ..table import case, expr, lit, ref


def cases():
    yield from _transposes()
    yield from _windows()
    yield from _ctc()
    yield from _averages()
    yield from _depth()
    yield from _rest()


def _transposes():
    op = "tf.nn.conv_transpose"
    for x, k, shape, strides, more in (
        ("float32[2,4,2]", "float32[3,3,2]", [2, 8, 3], 2, {}),
        ("float32[2,3,4,2]", "float32[2,3,3,2]", [2, 6, 8, 3], 2, {}),
        ("float32[2,3,4,2]", "float32[2,3,3,2]", [2, 5, 7, 3], [1, 2, 2, 1], {}),
        ("float32[2,3,4,2]", "float32[2,2,3,2]", [2, 6, 8, 3], 2, {"padding": "VALID"}),
        ("float32[1,2,3,2,2]", "float32[2,2,2,1,2]", [1, 4, 6, 4, 1], 2, {}),
        ("float32[2,3,4,2]", "float32[2,2,3,2]", lit([2, 6, 8, 3], "int32"), 2, {}),
        ("float64[1,3,3,1]", "float64[2,2,1,1]", [1, 3, 3, 1], 1, {}),
        ("float32[2,3,4,2]", "float32[2,2,3,2]", [2, 4, 8, 3], 2, {}),
        ("float32[2,3,4,2]", "float32[2,2,3,3]", [2, 6, 8, 3], 2, {}),
        ("float32[2,3,4,2]", "float32[2,2,3,2]", [6, 8], 2, {}), ("float32[2,3,4,2]", "float32[2,2,3,2]", 6, 2, {}),
    ):  # fmt: skip
        yield case(op, x, k, shape, strides, **more)
    yield case("tf.nn.conv1d_transpose", "float32[2,4,2]", "float32[3,3,2]", [2, 8, 3], 2)
    yield case("tf.nn.conv1d_transpose", "float32[2,4,2]", "float32[3,3,2]", [2, 8, 3], 2, padding="BAD")
    yield case("tf.nn.conv1d_transpose", "float32[2,4,2]", "float32[3,3,2]", [2, 5, 3], 2)
    yield case("tf.nn.conv3d_transpose", "float32[1,2,2,2,1]", "float32[2,2,2,2,1]", [1, 4, 4, 4, 2], 2)
    yield case("tf.nn.conv3d_transpose", "float32[1,2,2,2,1]", "float32[2,2,2,2,1]", [1, 4, 4, 9, 2], 2)
    for args in (("SAME", 2), ("VALID", 2), ("SAME", 1), ("SAME", 0), ("BAD", 2)):
        yield case("tf.nn.atrous_conv2d", "float32[2,6,6,2]", "float32[2,3,2,3]", args[1], args[0])
    for shape, rate, padding in (([1, 5, 5, 3], 2, "SAME"), ([1, 7, 7, 3], 2, "VALID"), ([1, 5, 5, 3], 1, "SAME"),
                                 ([1, 7, 7, 3], 0, "VALID"), ([1, 5, 5, 4], 2, "SAME"), ([1, 7, 8, 3], 2, "VALID"),
                                 ([1, 5, 5, 3], 2, "BAD")):  # fmt: skip
        yield case("tf.nn.atrous_conv2d_transpose", "float32[1,5,5,2]", "float32[2,2,3,2]", shape, rate, padding)
    one, same = [1, 1, 1, 1], "SAME"
    for strides, padding, out in ((one, same, "1,4,5,6"), ([1, 2, 2, 1], same, "1,2,3,6"), (one, "VALID", "1,3,3,6")):
        yield case("tf.nn.depthwise_conv2d_backprop_input", [1, 4, 5, 2], "float32[2,3,2,3]", f"float32[{out}]", strides,
                   padding)  # fmt: skip
        yield case("tf.nn.depthwise_conv2d_backprop_filter", "float32[1,4,5,2]", [2, 3, 2, 3], f"float32[{out}]", strides,
                   padding)  # fmt: skip
    yield case("tf.nn.depthwise_conv2d_backprop_input", [1, 4, 5, 2], "float32[2,3,2,3]", "float32[1,4,5,5]", one, same)
    yield case("tf.nn.depthwise_conv2d_backprop_filter", "float32[1,4,5,2]", [2, 3, 2, 3], "float32[1,4,4,6]", one, same)


def _windows():
    one = [1, 1, 1, 1]
    for name in ("tf.nn.dilation2d", "tf.nn.erosion2d"):
        for x, k, strides, padding, rates in (
            ("float32[2,4,5,2]", "float32[2,3,2]", one, "SAME", one), ("float32[2,4,5,2]", "float32[2,3,2]", one, "VALID", one),
            ("float32[1,6,5,1]", "float32[2,2,1]", [1, 2, 2, 1], "SAME", [1, 2, 1, 1]),
            ("int32[1,4,4,2]", "int32[2,2,2]", one, "SAME", one), ("float64[1,4,4,2]", "float64[3,3,2]", one, "SAME", one),
            ("float32[1,4,4,1]:ties", "float32[2,2,1]:ties", one, "SAME", one),
            ("float32[2,4,5,2]", "float32[2,3,3]", one, "SAME", one), ("float32[4,5,2]", "float32[2,3,2]", one, "SAME", one),
        ):  # fmt: skip
            yield case(name, x, k, strides, padding, "NHWC", rates)
        yield case(name, "float32[2,4,5,2]", "float32[2,3,2]", one, "SAME", "NCHW", one)
    op = "tf.nn.max_pool_with_argmax"
    for x, k, s, padding, more in (
        ("float32[2,5,4,2]:distinct", 2, 2, "SAME", {}), ("float32[2,5,4,2]:distinct", 2, 2, "VALID", {}),
        ("float32[1,5,4,2]:distinct", [3, 2], 1, "SAME", {}), ("float32[2,4,4,1]:ties", 2, 2, "SAME", {}),
        ("float32[2,4,4,1]:distinct", 2, 2, "SAME", {"include_batch_in_index": True}),
        ("float32[1,4,4,1]:distinct", 2, 2, "SAME", {"output_dtype": ref("tf.int32")}),
        ("int32[1,4,4,1]:distinct", 2, 2, "SAME", {}), ("float64[1,4,4,1]:distinct", [1, 2, 2, 1], [1, 2, 2, 1], "SAME", {}),
        ("float32[4,4,1]", 2, 2, "SAME", {}), ("float32[1,4,4,1]", 2, 2, "SAME", {"data_format": "NCHW"}),
    ):  # fmt: skip
        yield case(op, x, k, s, padding, **more)
    seeded = "(tf.random.set_seed(5), tf.nn.{name}(x, {ratio}, {more}seed={seed}))[1]"
    for name in ("fractional_max_pool", "fractional_avg_pool"):
        for ratio, more, seed in (
            ([1.0, 1.4, 1.6, 1.0], "", 3), ([1.0, 1.4, 1.4, 1.0], "overlapping=True, ", 3), ([1.0, 2.0, 1.0, 1.0], "", 0),
            ([1.0, 1.4, 1.7, 1.0], "pseudo_random=True, ", 3), ([1.0, 1.3, 1.3, 1.0], "True, True, ", 7),
        ):  # fmt: skip
            text = seeded.format(name=name, ratio=ratio, more=more, seed=seed)
            yield expr(text, x="float32[2,8,6,2]:distinct")
        yield expr(f"tf.nn.{name}(x, 1.4, seed=3)[0].shape", x="float32[1,7,7,1]", grad=False)
        yield expr(f"tf.nn.{name}(x, [1.0, 1.4, 1.4, 1.0], seed=3)[0].shape", x="float32[7,7,1]", grad=False)
    for ratio in (0.5, [1.0, 1.4, 1.4, 2.0], [1.0, 0.5, 1.4, 1.0], "a"):
        yield case("tf.nn.fractional_max_pool", "float32[1,7,7,1]", ratio, seed=3)
    lrn = "tf.nn.local_response_normalization"
    for dtype in ("float32", "float16", "bfloat16"):
        yield case(lrn, f"{dtype}[1,2,2,7]", 2, 1.0, 0.5, 0.75,
                   grad=dtype == "float32")  # fmt: skip
    yield case(lrn, "float32[2,1,2,3]")
    yield case("tf.nn.lrn", "float32[2,1,2,3]", depth_radius=1, bias=2.0, alpha=0.1, beta=1.0)
    yield case(lrn, "float32[2,2,3]")
    yield case(lrn, "float64[2,2,2,3]")


def _ctc():
    op = "tf.nn.ctc_loss"
    labels, lengths, frames = lit([[1, 2], [3, 0]], "int32"), lit([2, 1], "int32"), lit([5, 4], "int32")
    logits = "float32[5,2,4]"
    for a, x, b, c, more in (
        (labels, logits, lengths, frames, {}), (labels, logits, lengths, frames, {"blank_index": -1}),
        (lit([[1, 1], [2, 2]], "int32"), logits, lit([2, 2], "int32"), lit([5, 5], "int32"), {"blank_index": 3}),
        (labels, "float32[2,5,4]", lengths, frames, {"logits_time_major": False}),
        (labels, logits, lit([0, 1], "int32"), frames, {}), ([[1, 2], [3, 0]], logits, [2, 1], [5, 4], {}),
        (lit([[1, 2, 1], [3, 3, 0]], "int32"), "float32[9,2,4]", lit([3, 2], "int32"), lit([9, 8], "int32"), {}),
        (labels, logits, lengths, lit([5, 4], "int64"), {}), (labels, "float64[5,2,4]", lengths, frames, {}),
    ):  # fmt: skip
        yield case(op, a, x, b, c, **more)
    yield case(op, labels, "float16[5,2,4]", lengths, frames)
    yield case(op, labels, logits, lengths, lit([1, 4], "int32"), grad=False)
    yield expr("tf.nn.ctc_loss(a, x, [2, 2], [5, 5], unique=tf.nn.ctc_unique_labels(a))", a=lit([[1, 1], [2, 3]], "int32"),
               x=logits)  # fmt: skip
    yield case("tf.nn.ctc_unique_labels", lit([[1, 1, 3], [2, 2, 1]], "int32"))
    yield case("tf.nn.collapse_repeated", lit([[1, 1, 2, 2, 1], [1, 2, 2, 0, 0]], "int32"), lit([5, 3], "int32"))
    yield case("tf.nn.collapse_repeated", [[1, 1, 1], [2, 2, 3]], [0, 2])
    iso = "tf.nn.isotonic_regression"
    for x, more in (
        (lit([[3.0, 1.0, 2.0, 5.0, 4.0], [5.0, 4.0, 4.0, 6.0, 1.0]], "float32"), {}), ("float32[2,6]", {}),
        ("float64[6]", {"decreasing": False}), ("float32[3,2,4]", {"axis": 0}), ("float32[3,4]", {"axis": -2}), ("int32[5]", {}),
        ("int8[5]", {}), ("float16[4]", {}), ("float32[]", {}), ("float32[3]", {"axis": 3}),
        ("float32[2,3]", {"axis": 0, "decreasing": False}),
    ):  # fmt: skip
        # Of one row TensorFlow's gradient has a dimension too many.
        yield case(iso, x, grad=x not in ("float64[6]", "float16[4]"), **more)


def _averages():
    op = "tf.nn.compute_average_loss"
    for x, more in (
        ("float32[4]", {}), ("float32[4]", {"global_batch_size": 8}), ("float32[2,3]", {}), ("float64[4]", {}),
        ("float32[4]", {"sample_weight": "float32[4]"}), ("float32[2,3]", {"sample_weight": "float32[2]"}),
        ("float32[2,3]", {"sample_weight": "float32[2,1]"}), ("float32[4]", {"sample_weight": "float32[4,1]"}),
        ("float32[4]", {"sample_weight": [1, 0, 1, 0]}), ("float32[4]", {"global_batch_size": 0}),
        ("float32[4]", {"global_batch_size": 2.5}), ("float32[4]", {"global_batch_size": -2}),
        ("float32[4]", {"global_batch_size": [2]}), ("float32[]", {}), ("float32[4]", {"sample_weight": 0.5}),
        ("float32[4]", {"global_batch_size": lit(2, "int64")}), ([1.0, 2.0], {}),
    ):  # fmt: skip
        yield case(op, x, **more)
    for x in ("float32[4]", "float32[2,2]", "float32[]", [1.0, 2.0], "int32[2]", "float64[2]"):
        yield case("tf.nn.scale_regularization_loss", x)
    weighted = "tf.nn.weighted_moments"
    for x, axes, w, more in (
        ("float32[3,4]", [0], "float32[3,4]:pos", {}), ("float32[3,4]", [0, 1], "float32[4]:pos", {}),
        ("float32[3,4]", [1], "float32[3,1]:pos", {"keepdims": True}), ("float64[3,4]", [-1], "float64[1,4]:pos", {}),
        ("float32[3,4]", [0], "int32[3,1]:pos", {}), ("float32[3,4]", [0], 0.0, {}), ("float32[3,4]", [0], "float32[2,1]", {}),
        ("float32[3,4]", [2], "float32[3,1]", {}),
    ):  # fmt: skip
        # Where each mean has one weight, that does not matter: its gradient is noise.
        yield case(weighted, x, axes, w, grad=w != "float32[3,1]:pos", **more)
    yield case(weighted, "float16[3,4]", [0], "float16[3,1]:pos")
    sufficient = "tf.nn.sufficient_statistics"
    for x, axes, more in (
        ("float32[3,4]", [0], {}), ("float32[3,4]", [0, 1], {}), ("float32[3,4,2]", [0, 2], {"keepdims": True}),
        ("float32[3,4]", [1], {"shift": 0.5}), ("float64[3,4]", [-1], {"shift": "float64[3,1]"}), ("float32[3,4]", [2], {}),
        ("float32[3,4]", [0], {"shift": "float64[1]"}),
    ):  # fmt: skip
        yield case(sufficient, x, axes, **more)
    bn = "tf.nn.batch_norm_with_global_normalization"
    v = "float32[3]"
    for scale in (True, False):
        yield case(bn, "float32[1,2,2,3]", v, "float32[3]:pos", v, v, 1e-3, scale)
    yield case(bn, "float32[1,2,2,3]", "float32[2]", "float32[3]:pos", v, v, 1e-3, True)
    yield case(bn, "float32[1,2,2,3]", "float64[3]", "float32[3]:pos", v, v, 1e-3, True)


def _depth():
    for name, x in (("depth_to_space", "{}[2,2,3,8]"), ("space_to_depth", "{}[2,4,6,3]")):
        op = f"tf.nn.{name}"
        for dtype in ("float32", "int32", "string", "complex64", "bool"):
            yield case(op, x.format(dtype), 2)
        yield case(op, "float32[1,8,4,4]", 2, data_format="NCHW")
        yield case(op, "float32[1,3,3,3]", 2)
        yield case(op, "float32[3,3,3]", 2)
        yield case(op, "float32[1,4,4,4]", 1)
        yield case(op, "float32[1,4,4,4]", 2, data_format="BAD")
        yield case(op, "float32[0,4,4,4]", 2)


def _rest():
    one = [1, 1, 1, 1]
    for x, k, strides, padding, more in (
        ("float32[1,5,5,2]", "float32[2,2,2,3]", one, "SAME", {}), ("float32[1,5,5,2]", "float32[2,2,2,3]", [1, 2, 2, 1], "VALID", {}),
        ("float32[2,1,5,5,2]", "float32[2,2,2,3]", one, "SAME", {"batch_dims": 2}),
        ("float32[1,3,4,5,2]", "float32[2,2,2,2,3]", [1, 1, 1, 1, 1], "SAME", {}),
        ("float32[1,5,5,2]", "float32[2,2,2,3]", [1, 1], "SAME", {}), ("float32[5,5,2]", "float32[2,2,3]", [1, 1, 1], "SAME", {}),
        ("float32[1,5,5,4]", "float32[2,2,2,3]", one, "SAME", {}), ("float32[1,5,5,2]", "float32[2,2,2,3]", one, "BAD", {}),
        ("float32[1,5,5,2]", "float32[2,2,2,3]", one, "EXPLICIT", {"explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0]}),
    ):  # fmt: skip
        yield case("tf.conv", x, k, strides, padding, **more)
    for x, sizes, strides, padding in (
        ("float32[1,4,5,3,2]", [1, 2, 2, 1, 1], [1, 1, 1, 1, 1], "SAME"), ("float32[2,4,4,4,1]", [1, 2, 3, 2, 1], [1, 2, 1, 2, 1], "VALID"),
        ("int32[1,3,3,3,1]", [1, 2, 2, 2, 1], [1, 1, 1, 1, 1], "SAME"), ("float32[3,3,3,1]", [1, 2, 2, 2, 1], [1] * 5, "SAME"),
        ("float32[1,3,3,3,1]", [1, 2, 2, 2, 1], [1] * 5, "BAD"),
    ):  # fmt: skip
        yield case("tf.extract_volume_patches", x, sizes, strides, padding)
    spec = "tf.DeviceSpec"
    for text in (f"repr({spec}())", f"str({spec}(job='a', replica=0, task='1', device_type='gpu', device_index=2))",
                 f"{spec}(device_type='cpu').to_string()", f"{spec}.from_string('/job:foo/replica:1/task:2/device:GPU:3').to_string()",
                 f"{spec}.from_string('/gpu:0').to_string()", f"{spec}.from_string('/cpu:*').to_string()",
                 f"{spec}.from_string('bad')", f"{spec}.from_string('/foo:1')", f"{spec}.from_string('/gpu:0/cpu:0')",
                 f"{spec}.from_string('').to_string()", f"{spec}(task='x')", f"{spec}().parse_from_string('/job:x').job",
                 f"{spec}(job='a', device_type='GPU').make_merged_spec({spec}(job='b', task=1)).to_string()",
                 f"{spec}(job='a').replace(job='z', device_type='TPU', device_index=1).to_string()",
                 f"setattr({spec}(job='a'), 'job', 'b')", f"{spec}(job='a') == {spec}(job='a')", f"{spec}(job='a') == 1",
                 "(tf.AggregationMethod.ADD_N, tf.AggregationMethod.DEFAULT, tf.AggregationMethod.EXPERIMENTAL_TREE)"):  # fmt: skip
        yield expr(text)
