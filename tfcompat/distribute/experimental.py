"""``tf.distribute.experimental``: what goes with the default strategy."""


class ValueContext:
    """Tells a value function for which replica it makes a value."""

    def __init__(self, replica_id_in_sync_group=0, num_replicas_in_sync=1):
        self.replica_id_in_sync_group = replica_id_in_sync_group
        self.num_replicas_in_sync = num_replicas_in_sync
