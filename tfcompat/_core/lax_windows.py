"""Windows, convolutions and loops: the lax primitives that go over something step by step, in NumPy."""
