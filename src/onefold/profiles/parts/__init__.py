"""Parts: profiles of everybody on disk, split by customer, each part small enough to be folded."""
