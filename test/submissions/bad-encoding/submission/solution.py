# -*- coding: no-such-encoding -*-
"""Names an encoding that there is not."""
compress = decompress = bytes
