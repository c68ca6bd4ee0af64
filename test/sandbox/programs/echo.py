"""Sends its input back."""
import os
while chunk := os.read(0, 1 << 16):
    while chunk:
        chunk = chunk[os.write(1, chunk):]
