"""Is a fit any good? Frequencies, a holdout, and purchases by calendar period."""
