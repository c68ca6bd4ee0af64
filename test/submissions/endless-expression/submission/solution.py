"""Computes for longer than the universe has been there, in one line, when it is imported."""
size = 9
size = size**size**size

compress = decompress = bytes
