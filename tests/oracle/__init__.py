"""What TensorFlow does, recorded as data, and the tables that drive TensorFlow and tfcompat alike."""
