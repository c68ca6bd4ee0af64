"""Whether /cache is there, empty and writable, runs what is put into it, and ends where it should."""
import json
import os
import shutil
import subprocess
import sys

if not os.path.isdir("/cache"):
    print(json.dumps(None))
    sys.exit()
found = os.listdir("/cache")
shutil.copy("/usr/bin/true", "/cache/true")
ran = subprocess.run(["/cache/true"], check=False).returncode
done = 0
try:
    with open("/cache/big", "wb", buffering=0) as file:
        while done < 1 << 30:
            done += file.write(bytes(1 << 20))
except OSError as error:
    ended = error.errno
print(json.dumps({"found": found, "ran": ran, "done": done >> 20, "ended": ended}))
