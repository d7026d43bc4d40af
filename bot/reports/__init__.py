"""Stored figures in, bytes out: one file each."""
