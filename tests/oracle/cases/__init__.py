"""The case tables by area. An id names its case; where two builders make the same case, it counts once."""

from . import core, elementwise, linalg, nn, rearrange, reduce, texts

AREAS = {
    module.__name__.rpartition(".")[2]: list({case.id: case for case in module.cases()}.values())
    for module in (elementwise, reduce, linalg, rearrange, nn, core, texts)
}
