"""The process: command line, wiring, the three loops and the channels."""
