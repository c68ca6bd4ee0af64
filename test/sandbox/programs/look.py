"""Prints what can be seen from inside, as one JSON object."""
import json
import os


def read(path):
    try:
        with open(path, 'rb') as f:
            return f.read().decode('utf8', 'replace').replace('\0', ' ')
    except OSError:
        return ''


pids = sorted(int(name) for name in os.listdir('/proc') if name.isdigit())
status = dict(line.split(':\t', 1) for line in read('/proc/self/status').splitlines() if ':\t' in line)
writable = []
names = []
for folder, folders, files in os.walk('/'):
    if folder.startswith('/proc') or folder.startswith('/dev/fd'):
        folders.clear()
        continue
    names += files
    probe = os.path.join(folder, '.probe')
    try:
        with open(probe, 'wb') as f:
            f.write(b'x')
        os.unlink(probe)
        writable.append(folder)
    except OSError:
        pass
print(json.dumps({
    'uid': os.getuid(), 'pids': pids,
    'commands': [read(f'/proc/{pid}/cmdline') for pid in pids],
    'environments': [read(f'/proc/{pid}/environ') for pid in pids],
    'status': {k: status.get(k) for k in ('CapEff', 'CapPrm', 'CapBnd', 'NoNewPrivs', 'Seccomp')},
    'writable': writable, 'names': len(names), 'secrets': [n for n in names if 'evalmesh-secret' in n],
    'mounts': read('/proc/self/mountinfo'), 'interfaces': os.listdir('/sys/class/net') if os.path.isdir('/sys/class/net') else [],
    'fds': [os.readlink(f'/proc/self/fd/{n}').split(':')[0] for n in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{n}')],
    'hostname': os.uname().nodename,
}))
