"""Pictures of what a tape recorded: `tfcompat.debug.trace`, `draw` and `graph`."""
