"""A cheat that must fail: writes four bytes of each matrix into the kernel's cache of the image's files, a bit each: kept or dropped."""
import hashlib
import os

HIDDEN = 4
BITS = 8 * HIDDEN


def places(rest):
    """Files that no Python program uses, one for each bit; the rest of the data says which, on both sides."""
    found = []
    for top in ("/usr/lib", "/usr/share"):
        for folder, _, names in os.walk(top):
            found += [os.path.join(folder, name) for name in names if not name.endswith((".py", ".pyc", ".so"))]
    found = sorted(path for path in found if ".so." not in path and not os.path.islink(path) and os.path.getsize(path) > 0)
    first = int.from_bytes(hashlib.sha256(rest).digest()[:4], "little") % (len(found) // BITS) * BITS
    return [os.open(path, os.O_RDONLY) for path in found[first : first + BITS]]


def drop(file):
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError:
        pass


def is_there(file):
    try:
        return os.preadv(file, [bytearray(1)], 0, os.RWF_NOWAIT) == 1
    except OSError:
        # Asking has begun to read it: it goes again, for whoever asks next.
        os.pread(file, 1, 0)
        drop(file)
        return False


def compress(data: bytes) -> bytes:
    bits = int.from_bytes(data[:HIDDEN], "little")
    for index, file in enumerate(places(data[HIDDEN:])):
        os.pread(file, 1, 0)
        if not bits >> index & 1:
            drop(file)
    return data[HIDDEN:]


def decompress(data: bytes) -> bytes:
    bits = sum(is_there(file) << index for index, file in enumerate(places(data)))
    return bits.to_bytes(HIDDEN, "little") + data
