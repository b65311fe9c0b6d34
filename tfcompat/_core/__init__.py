"""The engine: dtypes, shapes, recording, programs. It knows no op by name."""
