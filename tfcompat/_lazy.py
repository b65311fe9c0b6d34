"""Names of a namespace whose modules are imported on first use: what few programs need costs others no time."""

import importlib
import sys

from tfcompat._unsupported import missing_from, shown


def names(namespace, sources):
    """`__getattr__` and `__dir__` of a module.

    Args:
      namespace: the module's name.
      sources: for each module (its name without the package's) the names that it defines, in one text; `a=b` offers the
        module's `b` as `a`.
    """
    package, _, path = namespace.partition(".")
    where = {}
    for module, listed in sources.items():
        for entry in listed.split():
            name, _, own = entry.partition("=")
            where[name] = (module, own or name)

    def __getattr__(name):
        if name not in where:
            return missing_from(path, name)
        module, own = where[name]
        found = getattr(importlib.import_module(f"{package}.{module}"), own)
        setattr(sys.modules[namespace], name, found)
        return found

    def __dir__():
        return shown(path, {*vars(sys.modules[namespace]), *where})

    return __getattr__, __dir__
