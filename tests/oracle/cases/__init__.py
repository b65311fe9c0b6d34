"""The case tables: each module here with a function `cases` is an area. An id names its case; the same one counts once."""

import importlib
import pkgutil

_MODULES = {m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)}
AREAS = {
    name: list({case.id: case for case in module.cases()}.values())
    for name, module in sorted(_MODULES.items())
    if hasattr(module, "cases")
}
