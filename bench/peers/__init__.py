"""The same quiz as users of popular stacks write it."""
