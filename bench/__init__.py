"""The load bench: a school of pupils against `lantoa run` and two popular stacks; see README.md."""
