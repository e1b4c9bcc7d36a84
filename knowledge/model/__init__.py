"""The local language model, in a process of its own behind the `Engine` port."""
