"""The expressions that leaves.py evaluates, by area."""

from __future__ import annotations

import itertools
import re

DTYPES = """
    bfloat16 bool complex64 complex128 double float16 float32 float64 half int8 int16 int32 int64 qint8 qint16
    qint32 quint8 quint16 resource string uint8 uint16 uint32 uint64 variant
""".split()
RARE = """
    float4_e2m1fn float8_e4m3b11fnuz float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz int2 int4 uint2 uint4
""".split()
_names = [f"tf.{name}" for name in DTYPES] + [f"tf.dtypes.experimental.{name}" for name in RARE]
_flags = "is_bool is_complex is_floating is_integer is_numeric is_numpy_compatible is_quantized is_unsigned".split()

_convertible = """
    int float bool object str bytes complex 'foo' '' None 3 200 0 -1 101 np.int32 np.str_ np.bytes_ np.object_
    np.bool_ np.void np.dtype('M8[ns]') np.array([1]) [1,2] np.dtype('S3') np.dtype('U3') np.dtype('O')
    np.dtype('V4') 'half' 'float' 'double' 'int' 'str' 'string' '<f4' 'float32_ref' 'half_ref' 'complex' 'bool_'
    'object' b'float32' 1.0 True np.longlong np.ulonglong np.uint np.int_ np.intc np.uintc np.longdouble
    np.dtype([('qint8',np.int8)]) np.dtype('>f4') np.dtype('=i8') np.dtypes.StringDType() np.dtypes.Float32DType
    np.float32(3) np.dtype('bfloat16') tf.float32 np.arange(3.) tf.bfloat16.as_numpy_dtype
    tf.dtypes.experimental.int4.as_numpy_dtype {} np.dtype('c8') 'bfloat16' 'resource' 'variant'
""".split()

DTYPE_EXPRESSIONS = [
    *[
        f"({d}.name, {d}.as_datatype_enum, {d}.size, str({d}), repr({d}), hash({d}), int({d}), {d}.real_dtype, "
        f"{d}.base_dtype, {d}._is_ref_dtype, {d}._as_ref, {', '.join(f'{d}.{flag}' for flag in _flags)})"
        for d in _names
    ],
    *[
        f"({d}._as_ref.name, {d}._as_ref.base_dtype, {d}._as_ref.size, {d}._as_ref._is_ref_dtype, "
        f"{', '.join(f'{d}._as_ref.{flag}' for flag in _flags)})"
        for d in _names
    ],
    *[f"{d}.{what}" for d in _names for what in ("as_numpy_dtype", "min", "max", "limits")],
    *[f"type({d}.{what}).__name__" for d in _names for what in ("min", "max")],
    *[f"tf.as_dtype({value})" for value in _convertible],
    *[f"tf.float32 == {value}" for value in _convertible],
    *[f"tf.float32 != {value}" for value in ("'float32'", "np.float32", "None", "tf.float64", "'foo'", "[]")],
    *[
        f"{value} == tf.float32"
        for value in ("'float32'", "np.float32", "None", "np.dtype('float32')", "np.float64(1)")
    ],
    *[
        f"tf.float32.is_compatible_with({value})"
        for value in ("'float32'", "'float32_ref'", "tf.float64", "'foo'", "1")
    ],
    "tf.float32._as_ref.is_compatible_with(tf.float32)",
    "tf.float32._as_ref == tf.float32",
    "tf.float32.is_subtype_of(tf.float32)",
    "tf.float32.is_subtype_of(tf.float64)",
    "tf.float32.most_specific_common_supertype([tf.float32])",
    "tf.float32.most_specific_common_supertype([tf.float32, tf.float64])",
    "tf.DType(1)",
    "tf.DType(1) == tf.float32",
    "tf.DType(99)",
    "tf.DType(1, handle_data=3)",
    "~tf.DType()",
    "~tf.DType('x')",
    "~tf.float32.foo",
    "~setattr(tf.float32, 'name', 'x')",
    "~setattr(tf.float32, 'size', 1)",
    "~tf.float32 < tf.float64",
    "~tf.float32 + 1",
    "~np.dtype(tf.float32)",
    "~np.zeros(2, tf.float32)",
    "np.zeros(2, tf.float32.as_numpy_dtype)",
    "np.zeros(2, tf.bfloat16.as_numpy_dtype).dtype",
    "sorted(d.name for d in tf.dtypes.QUANTIZED_DTYPES)",
    "tf.double is tf.float64",
    "tf.half is tf.float16",
    "{tf.float32: 1}[tf.float32]",
    "tf.float32 in (tf.int32, 'float32')",
    "tf.float32 in {tf.int32, tf.float32}",
    "[pickle.loads(pickle.dumps(d)) is d for d in (tf.float32, tf.bfloat16, tf.resource, tf.qint8, tf.int8._as_ref)]",
    "copy.deepcopy(tf.float32) is tf.float32",
    "copy.copy([tf.string])[0] is tf.string",
    "f'{tf.float32}'",
    "'%s %r' % (tf.float32, tf.float32)",
    "isinstance(tf.float32, tf.DType)",
    "isinstance(tf.float32, tf.dtypes.DType)",
    "[n for n in dir(tf.dtypes) if isinstance(getattr(tf.dtypes, n), tf.DType)]",
    "[n for n in dir(tf.dtypes.experimental) if isinstance(getattr(tf.dtypes.experimental, n), tf.DType)]",
]

_shapes = ["None", "[]", "[2]", "[2, 3]", "[None]", "[None, 3]", "[2, None]", "[1, 2, 3]", "[0, 5]", "[None, None]"]
_as_shape = """
    5 (3,4) [D(2),None,3] [-1] -3 [2.0] 2.5 'ab' [[1]] np.array([2,3]) np.int64(4) [np.int32(3),None] [Hinted()]
    True [True] range(3) {1:2} S([1,2]) iter([1,None]) D(4) D(None) [None,-2] (1,'a') np.array([2.5]) object [b'x']
""".split()
_other = [
    "[2, 3]",
    "(2, 3)",
    "None",
    "[None, 3]",
    "5",
    "'ab'",
    "S([2, 3])",
    "[2.5, 3]",
    "[-1]",
    "D(2)",
    "2.5",
    "object()",
]

SHAPE_EXPRESSIONS = [
    *[
        f"(repr(S({s})), str(S({s})), S({s}).rank, S({s}).ndims, S({s}).dims, bool(S({s})), S({s}).num_elements(), "
        f"S({s}).is_fully_defined(), hash(S({s})) == hash(S({s})))"
        for s in _shapes
    ],
    *[
        f"S({s}).{what}"
        for s in _shapes
        for what in (
            "as_list()",
            "assert_is_fully_defined()",
            "with_rank(2)",
            "with_rank_at_least(2)",
            "with_rank_at_most(1)",
            "assert_has_rank(2)",
            "__len__()",
            "__getitem__(0)",
            "__getitem__(slice(1, None))",
            "__getitem__(slice(None, -1))",
            "__getitem__(slice(0, 2))",
            "__getitem__(slice(None, None, 2))",
        )  # fmt: skip
    ],
    *[f"~S({s})[-1]" for s in _shapes],
    *[f"~S({s})['a']" for s in _shapes],
    *[f"list(S({s}))" for s in _shapes],
    *[f"S({value})" for value in _as_shape],
    *[
        f"S({a}).{method}(S({b}))"
        for a, b in itertools.product(_shapes, _shapes)
        for method in ("merge_with", "most_specific_compatible_shape", "is_subtype_of", "assert_is_compatible_with")
    ],
    *[
        f"(S({a}) + S({b}), S({a}) == S({b}), S({a}) != S({b}), S({a}).is_compatible_with(S({b})), "
        f"S({a}).most_specific_common_supertype([S({b})]))"
        for a, b in itertools.product(_shapes, _shapes)
    ],
    *[f"S({a}).assert_same_rank(S({b}))" for a, b in itertools.product(_shapes[:5], _shapes[:5])],
    *[f"tf.broadcast_static_shape(S({a}), S({b}))" for a, b in itertools.product(_shapes, _shapes)],
    *[
        f"S([2, 3]).{method}({other})"
        for other in _other
        for method in (
            "__eq__",
            "__add__",
            "__radd__",
            "merge_with",
            "is_compatible_with",
            "is_subtype_of",
            "concatenate",
        )
    ],
    *[f"S([2, 3]) == {other}" for other in _other],
    *[f"{other} == S([2, 3])" for other in _other],
    *[f"S([2, 3]) != {other}" for other in _other],
    "[1] + S([2])",
    "(1, None) + S([2])",
    "S([2]) + [1]",
    "S([2]) + 3",
    "S([1, 2, 3])[-1]",
    "S([1, 2, 3])[::-1]",
    "S([1, 2, 3])[np.int64(1)]",
    "~S([1, 2, 3])[3]",
    "S(None)[3]",
    "S(None)[2:5]",
    "S(None)[:-1]",
    "S(None)[5:2]",
    "S([2, 3]).most_specific_common_supertype([S([2, 4]), S([2, 5])])",
    "S([2, 3]).most_specific_common_supertype([3])",
    "S([]).most_specific_common_supertype([])",
    "2 in S([2, 3])",
    "None in S([None])",
    "tuple(S([2, 3]))",
    "[*S([2, None])]",
    "{S([1]): 2}[S([1])]",
    "hash(S([1, 2])) == hash(S((1, 2)))",
    "[pickle.loads(pickle.dumps(S(s))) for s in (None, [], [2, None])]",
    "copy.deepcopy(S([2, None]))",
    "np.zeros(S([2, 3])).shape",
    "~np.zeros(S([2, None]))",
    "np.reshape(np.arange(6), S([2, 3])).shape",
    "'%s' % S([2])",
    "f'{S([2, 3])}'",
    "~S([1]) < S([2])",
    "~S([1]) * 2",
    "~S()",
    "inner.unknown_shape()",
    "inner.unknown_shape(2)",
    "inner.unknown_shape(ndims=3)",
    "inner.unknown_shape(rank=0)",
    "inner.unknown_shape(foo=3)",
    "tf.compat.dimension_value(D(3))",
    "tf.compat.dimension_value(None)",
    "tf.compat.dimension_value(4)",
    "tf.compat.dimension_at_index(S([1, 2]), 1)",
    "tf.compat.dimension_at_index(S(None), 1)",
    *[f"D({v})" for v in ("3", "None", "D(4)", "-1", "2.5", "'a'", "np.int32(2)", "Hinted()", "np.int32(-2)", "True")],
    *[
        f"(str(D({v})), D({v}).value, bool(D({v})), D({v}).is_compatible_with(3), D({v}).merge_with(None))"
        for v in ("3", "None", "0")
    ],
    *["~int(D(None))", "int(D(3))", "[10, 20, 30][D(1)]", "~hash(D(3))", "D(3).merge_with(4)", "D(3).merge_with(3)"],
    *["D(3).assert_is_compatible_with(4)", "D(None).merge_with(4)", "pickle.loads(pickle.dumps(D(3)))"],
    *[
        f"{a} {op} {b}"
        for op in ("+", "-", "*", "//", "%", "<", "<=", ">", ">=", "==", "!=", "/")
        for a, b in (("D(7)", "D(2)"), ("D(7)", "2"), ("9", "D(2)"), ("D(7)", "None"), ("D(None)", "D(None)"))
    ],
    *[f"~D(7) {op} 'a'" for op in ("+", "-", "*", "//", "%", "<", "==", "!=", "/")],
    *[f"~'a' {op} D(7)" for op in ("+", "-", "//", "<", "==", "!=", "/")],
    "D(2) - D(5)",
]

_error_names = """
    AbortedError AlreadyExistsError CancelledError DataLossError DeadlineExceededError FailedPreconditionError
    InternalError InvalidArgumentError NotFoundError OutOfRangeError PermissionDeniedError ResourceExhaustedError
    UnauthenticatedError UnavailableError UnimplementedError UnknownError
""".split()
_codes = """
    ABORTED ALREADY_EXISTS CANCELLED DATA_LOSS DEADLINE_EXCEEDED FAILED_PRECONDITION INTERNAL INVALID_ARGUMENT
    NOT_FOUND OK OUT_OF_RANGE PERMISSION_DENIED RESOURCE_EXHAUSTED UNAUTHENTICATED UNAVAILABLE UNIMPLEMENTED UNKNOWN
""".split()
_fields = (
    "(e.message, e.op, e.node_def, e.error_code, e.experimental_payloads, e.args, str(e), repr(e), e.__reduce__()[1])"
)

ERROR_EXPRESSIONS = [
    *[f"tf.errors.{code}" for code in _codes],
    *[f"[{_fields} for e in [tf.errors.{name}(None, None, 'text')]]" for name in _error_names],
    *[f"[c.__name__ for c in tf.errors.{name}.__mro__]" for name in _error_names],
    *[f"tf.compat.v1.errors.error_code_from_exception_type(tf.errors.{name})" for name in _error_names],
    *[f"tf.compat.v1.errors.exception_type_from_error_code({code})" for code in range(1, 18)],
    f"[{_fields} for e in [tf.errors.OpError(None, None, 'text', 3)]]",
    f"[{_fields} for e in [tf.errors.OpError('node', None, 'text', 3, {{'a': b'x'}})]]",
    f"[{_fields} for e in [tf.errors.InvalidArgumentError('node', None, 'text', {{'a': b'x'}})]]",
    "[c.__name__ for c in tf.errors.OperatorNotAllowedInGraphError.__mro__]",
    "str(tf.errors.OperatorNotAllowedInGraphError('text'))",
    "~tf.errors.InvalidArgumentError('text')",
    "~tf.errors.OpError(None, None, 'text')",
    "~str(tf.errors.OpError(None, None, 3, 3))",
    "[(type(e), e.message) for e in [pickle.loads(pickle.dumps(tf.errors.NotFoundError(None, None, 'text')))]]",
    "[(type(e), e.error_code) for e in [copy.copy(tf.errors.OpError(None, None, 'text', 7))]]",
    "str(tf.errors.InternalError(None, Operation('one', [1, 2]), 'text'))",
    "str(tf.errors.InternalError(None, Operation('one', [1, 2], Operation('two', [1, 3])), 'text'))",
    "str(tf.errors.InternalError(None, Operation('a', [1, 2, 3, 4, 5], Operation('b', [1, 2, 3, 9])), 'text'))",
    "str(tf.errors.InternalError(None, Operation('a', [1, 2], Operation('b', [1, 2, 5], Operation('c', [6]))), 't'))",
    "[n for n in dir(tf.errors) if n[0] != '_']",
]

_structures = """
    1 's' b's' bytearray(b'x') None [] () {} {1} frozenset() range(3) {'b':1,'a':2} {'b':1,'a':2}.values()
    {'a':1}.keys() {'a':1}.items() collections.deque([1]) array.array('i',[1]) memoryview(b'ab') np.array([1])
    Pair(1,2) SubPair(1,[2]) Attrs(1,2) Data(1,2) Masked(True,1) Masked(True,[1,2]) OwnMapping({'b':1,'a':2})
    OwnSequence([1,2]) OwnList([1]) OwnTuple((1,)) S([1,2]) defaultdict() collections.OrderedDict([('z',1),('a',5)])
    collections.Counter('aab') collections.UserDict(b=1,a=2) collections.UserList([1]) collections.ChainMap({'a':1})
    types.MappingProxyType({'a':1}) types.SimpleNamespace(a=1) slice(1) tf.TensorSpec([1]) Pair Attrs Masked
    tf.float32 {1:2,'a':3} [{1:2,'a':3}] {'a':[1,(2,{'c':3,'b':4})],'b':Pair([5],6)} np.float32(1) Twins(1,2)
    [Twins(1,2),3] TwinsSpec([2],tf.int32) inner.VariableSpec([1]) [None,[None]] ((),[],{}) [1,[2,[3,[4]]]]
    inner.IndexedSlicesSpec([3])
""".split()
_packable = [s for s in _structures if "array.array" not in s and "memoryview" not in s]
_pairs = """
    [1]|1 1|[1] [1]|(1,) [1,2]|[1] {'a':1}|{'b':1} {'a':1}|{'a':1,'b':2} Pair(1,2)|Pair2(1,2) Pair(1,2)|Other(1,2)
    Pair(1,2)|(1,2) {'a':1}|{'a':[1]} dict(a=1)|collections.OrderedDict(a=1) [1]|OwnList([1]) (1,)|OwnTuple((1,))
    range(2)|[1,2] [1,[2,3]]|[1,[2,(3,)]] Attrs(1,2)|Attrs(3,4) Attrs(1,2)|Data(1,2) Masked(True,1)|Masked(False,2)
    Masked(True,1)|Masked(True,[2]) {'a':1}|OwnMapping({'a':1}) {'a':1}|OwnMapping({'b':1}) {'a':1}.values()|[1]
    SubPair(1,2)|Pair(1,2) None|[] 'ab'|['a','b'] np.array([1])|[1] OwnMapping({'b':1})|{'a':1} {1:1}|{1:(2,3)}
    [[1,2],3]|[[1,2,4],3] OwnSequence([1])|[1] 1|2 []|[] {}|{} []|() {}|[] collections.OrderedDict(a=1)|(1,)
    collections.deque([1])|(1,) collections.deque([1])|collections.deque([2]) defaultdict()|{'a':1,'b':2}
    [Twins(1,2)]|[1] [Twins(1,2)]|[Twins(3,4)] [Twins(1,2)]|[Twins(3,4,(5,))]
    [Twins(1,2)]|[TwinsSpec([2],tf.float32)] [Twins(1,2)]|[TwinsSpec([2],tf.int32)] [Twins(1,2)]|[[1,2]]
    [TwinsSpec([2],tf.int32)]|[TwinsSpec([3],tf.float32)] [TwinsSpec([2],tf.int32)]|[1]
    [TwinsSpec([2],tf.int32)]|[inner.IndexedSlicesSpec([2])] [TwinsSpec([2],tf.int32)]|[tf.TensorSpec([1])]
    [tf.TensorSpec([1])]|[tf.TensorSpec([2])] [Twins(1,2)]|[Twins([3],4)] [Twins(1,2)]|[inner.VariableSpec([1])]
""".split()

NEST_EXPRESSIONS = [
    *[f"tf.nest.is_nested({s})" for s in _structures],
    *[f"tf.nest.flatten({s})" for s in _structures],
    *[f"tf.nest.flatten({s}, expand_composites=True)" for s in _structures],
    *[f"tf.nest.map_structure(lambda x: (x,), {s})" for s in _packable],
    *["~tf.nest.map_structure(abs, array.array('i', [1]))", "~tf.nest.map_structure(abs, memoryview(b'ab'))"],
    *[
        f"tf.nest.map_structure(lambda x: x, {s}, expand_composites=True)"
        for s in _structures
        if "array.a" not in s and "mem" not in s
    ],
    *[
        f"tf.nest.pack_sequence_as({s}, tf.nest.flatten({s}))"
        for s in _structures
        if "array.a" not in s and "mem" not in s
    ],
    *[f"N.flatten_with_tuple_paths({s})" for s in _structures],
    *[f"N.flatten_with_joined_string_paths({s}, '.', True)" for s in _structures],
    *[f"N.list_to_tuple({s})" for s in _packable],
    *[
        f"{'~' if '|[[1,2]]' in a + '|' + b else ''}tf.nest.assert_same_structure({a}, {b}{more})"
        for a, b in (pair.split("|") for pair in _pairs)
        for more in ("", ", check_types=False", ", expand_composites=True", ", False, True")
    ],
    *[
        f"N.flatten_up_to({a}, {b}{more})"
        for a, b in (
            pair.split("|") for pair in _pairs if not re.search("Masked|Attrs", pair)
        )  # TensorFlow wants their len()
        for more in ("", ", check_types=False", ", expand_composites=True")
    ],
    "tf.nest.pack_sequence_as([1, 2], [1])",
    "tf.nest.pack_sequence_as([1, 2], [1, 2, 3])",
    "tf.nest.pack_sequence_as(1, [1, 2])",
    "tf.nest.pack_sequence_as(1, [5])",
    "tf.nest.pack_sequence_as('a' * 200, [1, 2])",
    "tf.nest.pack_sequence_as([1, 2], 5)",
    "tf.nest.pack_sequence_as([1, 2], 'ab')",
    "tf.nest.pack_sequence_as([1, 2], (3, 4))",
    "tf.nest.pack_sequence_as([1, 2], range(2))",
    "tf.nest.pack_sequence_as([1, 2], iter([1, 2]))",
    "tf.nest.pack_sequence_as({'b': 1, 'a': (2, [3])}, [1, 2, 3])",
    "tf.nest.pack_sequence_as({1: 2, 'a': 3}, [1, 2])",
    "tf.nest.pack_sequence_as([], [])",
    "tf.nest.pack_sequence_as([], [1])",
    "tf.nest.pack_sequence_as([1, 2], np.array([1, 2]))",
    "tf.nest.pack_sequence_as([[], 1], [1])",
    "tf.nest.pack_sequence_as([[1, 2], 3], [1])",
    "tf.nest.pack_sequence_as([1, 2], {'a': 1, 'b': 2})",
    "tf.nest.pack_sequence_as([1, 2], collections.deque([1, 2]))",
    "tf.nest.pack_sequence_as(Twins(1, 2), [3, 4], expand_composites=True)",
    "tf.nest.pack_sequence_as(Twins(1, 2), [3], expand_composites=True)",
    "tf.nest.pack_sequence_as(Twins(1, 2), [3])",
    "tf.nest.map_structure(3, [1])",
    "tf.nest.map_structure(abs)",
    "tf.nest.map_structure(abs, [1], foo=1)",
    "tf.nest.map_structure(abs, [1], foo=1, bar=2)",
    "tf.nest.map_structure(add, [1, (2,)], [3, (4,)])",
    "tf.nest.map_structure(add, [1, (2,)], [3, [4]])",
    "tf.nest.map_structure(add, [1, (2,)], [3, [4]], check_types=False)",
    "tf.nest.map_structure(add, [1], [1, 2])",
    "tf.nest.map_structure(add, {'b': 1, 'a': 2}, {'a': 10, 'b': 20})",
    "tf.nest.map_structure(add, 1, 2)",
    "tf.nest.map_structure(add, Twins(1, 2), Twins(3, 4), expand_composites=True)",
    "tf.nest.map_structure(lambda *a: a, [1, 2], [3, 4], [5, 6])",
    "list(tf.nest.map_structure(abs, {'b': -1, 'a': -2}))",
    "~tf.nest.map_structure(lambda x: 1 / 0, [1])",
    "N.flatten_up_to([1, 2], [[1, 2], 3])",
    "N.flatten_up_to({'a': 1, 'b': (1, 2)}, {'b': ([1], 2), 'a': {'c': 2}})",
    "N.flatten_up_to(Pair(1, 2), Pair2([1], 2))",
    "N.flatten_with_tuple_paths_up_to([0, 1], [0, [1]])",
    "N.map_structure_up_to([1, 2], lambda a, b: (a, b), [[1, 2], 3], [4, 5])",
    "N.map_structure_up_to([1, 2], abs)",
    "~N.map_structure_up_to([1], lambda a, k: (a, k), [2], k=3)",
    "N.map_structure_with_tuple_paths_up_to([1], lambda p, a, k: (p, a, k), [2], k=3)",
    "N.map_structure_with_paths(lambda p, x: (p, x), {'a': [1, 2]})",
    "N.map_structure_with_tuple_paths(lambda p, x, y: (p, x, y), {'a': [1, 2]}, {'a': [3, 4]})",
    "list(N.yield_flat_paths({'a': [1, {'b': 2}]}))",
    "N.flatten_dict_items({('a', 'b'): (1, 2), 'c': 3})",
    "N.flatten_dict_items({('a', 'b'): (1,)})",
    "N.flatten_dict_items([1])",
    "N.flatten_dict_items({('a', 'b'): (1, 2), 'a': 3})",
    "N.get_traverse_shallow_structure(lambda s: isinstance(s, list), [1, (2,), [3]])",
    "N.get_traverse_shallow_structure(lambda s: [True, False] if isinstance(s, list) else False, [1, [2]])",
    "N.get_traverse_shallow_structure(lambda s: 3, [1])",
    "N.get_traverse_shallow_structure(lambda s: 3, 1)",
    "N.get_traverse_shallow_structure(lambda s: [3], [1])",
    "[N.is_namedtuple(x) for x in ((1, 2), Pair(1, 2), SubPair(1, 2), [1])]",
    "[N.is_namedtuple(x, True) for x in (Pair(1, 2), SubPair(1, 2))]",
    "[N.is_attrs(x) for x in (1, Attrs(1, 2))]",
    "[N.is_mapping(x) for x in (1, {}, OwnMapping({}))]",
    "[N.is_nested_or_composite(x) for x in (1, [1], Twins(1, 2), TwinsSpec([1], tf.int32), tf.TensorSpec([1]))]",
]

_dense = [
    "tf.TensorSpec([1, 2])",
    "tf.TensorSpec([1, 2], tf.int32)",
    "tf.TensorSpec([1, None], 'float32', name='x')",
    "tf.TensorSpec([1, 3], name='x')",
    "tf.TensorSpec(None)",
    "tf.TensorSpec([])",
]
_specs = [
    *_dense,
    "inner.IndexedSlicesSpec()",
    "inner.IndexedSlicesSpec([None, 2], tf.float64, tf.int32, None, [3])",
    "inner.IndexedSlicesSpec([4, 2], tf.float64, tf.int32, tf.int64)",
    "inner.IndexedSlicesSpec([4, 2], tf.float64, tf.int32)",
    "inner.VariableSpec([1, 2])",
    "inner.VariableSpec([1, None], trainable=False)",
    "inner.VariableSpec([1, None], alias_id=3)",
    "TwinsSpec([2, None], tf.float32)",
    "TwinsSpec([2, 5], tf.float32)",
]

SPEC_EXPRESSIONS = [
    *_specs,
    *[f"({s}._serialize(), {s}.__reduce__()[1])" for s in _specs],
    *[f"({s}.shape, {s}.dtype, {s}.name)" for s in _dense],
    *[f"{s}.{method}()" for s in _specs for method in ("_with_tensor_ranks_only", "_without_tensor_names")],
    *[f"{s}._flat_tensor_specs" for s in _specs if "Variable" not in s],
    *[f"{s}._component_specs" for s in _specs if "Variable" not in s],
    *[f"{s}.{method}" for s in _dense for method in ("_unbatch()", "_batch(4)", "_batch(None)", "flatten()")],
    *[f"tf.TensorSpec.from_spec({s}, 'new')" for s in _dense],
    *[f"tf.TensorSpec.from_spec({s})" for s in [*_dense, "inner.VariableSpec([2])"]],
    *[
        f"{a}.{method}"
        for a, b in itertools.product(_specs, _specs)
        for method in (f"is_compatible_with({b})", f"is_subtype_of({b})", f"most_specific_common_supertype([{b}])")
    ],
    *[
        f"({a} == {b}, {a} != {b}, hash({a}) == hash({b}))"
        for a, b in [
            *[(s, s) for s in _specs],
            *itertools.combinations(_dense, 2),
            *itertools.combinations(_specs[6:], 2),
        ]
    ],
    *[f"{a}.most_specific_compatible_type({b})" for a, b in itertools.product(_dense, _dense)],
    *[f"pickle.loads(pickle.dumps({s})) == {s}" for s in _specs if "Twins" not in s],
    *[f"copy.deepcopy({s})" for s in _specs],
    "tf.TensorSpec([1], tf.int32).most_specific_common_supertype([])",
    "tf.TensorSpec([1]).most_specific_common_supertype([tf.TensorSpec([2]), tf.TensorSpec([1, 2])])",
    "tf.TensorSpec([1], 'foo')",
    "tf.TensorSpec([1.5])",
    "tf.TensorSpec([-1])",
    "~tf.TensorSpec()",
    "tf.TensorSpec(5)",
    "tf.TensorSpec.from_tensor(1)",
    "tf.TensorSpec.from_tensor(np.ones(2))",
    "tf.TensorSpec([1]).is_compatible_with(1)",
    "tf.TensorSpec([1]).is_compatible_with(np.ones(1, 'f4'))",
    "~setattr(tf.TensorSpec([1]), 'shape', 1)",
    "~tf.TypeSpec()",
    "inner.IndexedSlicesSpec(dtype='foo')",
    "inner.IndexedSlicesSpec(indices_shape=[1, 2])",
    "TwinsSpec([2], tf.float32)._to_components(Twins(1, 2))",
    "TwinsSpec([2], tf.float32)._to_tensor_list(Twins(1, 2))",
    "TwinsSpec([2], tf.float32)._from_compatible_tensor_list([5, 6])",
    "TwinsSpec([2], tf.float32)._from_tensor_list([5])",
    "TwinsSpec([2], tf.float32)._from_components((5, 6))",
    "TwinsSpec([2], tf.float32).is_compatible_with(Twins(1, 2))",
    "TwinsSpec([None], tf.float32).is_compatible_with(Twins(1, 2))",
    "TwinsSpec([3], tf.float32).is_compatible_with(Twins(1, 2))",
    "tf.type_spec_from_value(Twins(1, 2))",
    "tf.type_spec_from_value(np.ones([2, 3], np.float16))",
    "tf.type_spec_from_value(np.array(['a']))",
    "tf.type_spec_from_value(object())",
    "~hash(type('Odd', (TwinsSpec,), {'_serialize': lambda self: ({1},)})([1], tf.float32))",
    "hash(type('Fine', (TwinsSpec,), {'_serialize': lambda s: ([1], {'a': np.ones(2)})})([1], tf.int32)) is not None",
]

AREAS = {
    "errors": ERROR_EXPRESSIONS,
    "dtypes": DTYPE_EXPRESSIONS,
    "shapes": SHAPE_EXPRESSIONS,
    "nest": NEST_EXPRESSIONS,
    "specs": SPEC_EXPRESSIONS,
}
