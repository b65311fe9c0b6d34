"""Compiling with XLA, through a disk cache of executables in the user's cache directory."""

import jax


def compile(function, structs, donate_argnums=(), compiler_options=None):
    """An ahead-of-time compiled executable of `function` for arguments of the given structs."""
    with jax.enable_x64(True):
        jitted = jax.jit(function, donate_argnums=donate_argnums, compiler_options=compiler_options)
        return jitted.lower(*structs).compile()
