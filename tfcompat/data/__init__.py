"""``tf.data``: sequences of elements, what is done with them, and iterators over them."""

from tfcompat.data import experimental as experimental
from tfcompat.data._dataset import Dataset as Dataset
from tfcompat.data._iterators import (
    Iterator as Iterator,
    IteratorSpec as IteratorSpec,
    NumpyIterator as NumpyIterator,
)
from tfcompat.data._options import (
    Options as Options,
    ThreadingOptions as ThreadingOptions,
)
from tfcompat.data._structure import DatasetSpec as DatasetSpec

AUTOTUNE = -1
INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2
