"""The command ``python -m tfcompat``, and the IPython extension."""
