"""Base classes of Keras's layers, models, optimizers and variables."""

from tfcompat._core.auto_trackable import AutoTrackable, no_automatic_dependency_tracking
from tfcompat._core.data_structures import wrap_or_unwrap as wrap
from tfcompat._core.trackable import Trackable, TrackableReference

__all__ = ["AutoTrackable", "Trackable", "TrackableReference", "no_automatic_dependency_tracking", "wrap"]
