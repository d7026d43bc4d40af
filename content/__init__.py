"""Pure: what is said, lessons and their engine; no database, network, clock or randomness."""
