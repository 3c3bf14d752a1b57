"""The desk beside bare Channels: `python -m benchmarks`. Every figure is a ratio of one alternating run."""
