"""Has the names, but not the functions."""
compress = b"compress"
decompress = {"call": bytes}
