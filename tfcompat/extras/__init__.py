"""Ops beyond TensorFlow's that programs written for it like to have."""

from tfcompat.extras.correlation import corr2d as corr2d
