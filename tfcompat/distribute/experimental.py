"""``tf.distribute.experimental``: what goes with the default strategy."""


class ValueContext:
    """Tells a value function for which replica it makes a value.

    Args:
      replica_id_in_sync_group: the replica's number.
      num_replicas_in_sync: how many there are.
    """

    def __init__(self, replica_id_in_sync_group=0, num_replicas_in_sync=1):
        self.replica_id_in_sync_group = replica_id_in_sync_group
        self.num_replicas_in_sync = num_replicas_in_sync
