"""A school in a box: weeks of a school played in minutes against real `lantoa run` processes."""
