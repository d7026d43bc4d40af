"""Storage: tables, named reads and writes, and the one seam to the database thread."""
