"""The benchmarks, in the order in which they are reported."""

NAMES = (
    "recorded_op",
    "import_time",
    "seed_notebook",
    "linear_regression",
    "mlp_gradient",
    "mlp_optimizer",
    "function",
    "backward_walk",
    "jacobians",
    "corr2d",
    "deep_network",
    "first_call",
    "small_cells",
    "conv_net",
    "convolutions",
    "keras_models",
    "growing_attention",
    "dqn",
    "embedding",
    "steady_state",
)
