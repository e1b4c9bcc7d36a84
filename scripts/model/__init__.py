"""Installing the local language model: `python -m scripts.model`, called by `scripts/setup`."""
