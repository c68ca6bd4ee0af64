/** Bash, which closes descriptors with numbers above 9: how our scripts of the sandbox are started. */

/** The descriptors that a sandbox's command is given, after the usual three. */
export const ARGS_FD = 3
export const SECCOMP_FD = 4
export const STATUS_FD = 5

/** Whoever started us may have left descriptors open: none of them belongs to the program. */
export const CLOSE_SCRIPT = `
for path in /proc/self/fd/*; do
  fd=\${path##*/}
  [ "$fd" -le ${STATUS_FD} ] || eval "exec $fd>&-"
done
`

/** `--norc`: with a socket as its input bash takes us for rshd and reads root's .bashrc. Arguments of the script follow. */
export const bashOf = (script: string): readonly string[] => ['bash', '--norc', '-c', script, 'stage']
