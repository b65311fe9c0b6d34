"""``python -m tfcompat FILE``: runs a TensorFlow script or notebook on tfcompat."""

import sys

from tfcompat.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
