/** Connects to a container's streams by a request without a body: Podman takes the bytes of one for the program's input. */
import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'

/** The one stream of stdin, stdout and stderr, in Docker's framing. @throws Error with `statusCode` when it is refused. */
export function attach(docker: Docker, container: Docker.Container): Promise<Duplex> {
  const request = {
    path: `/containers/${container.id}/attach?`,
    method: 'POST',
    isStream: true,
    hijack: true,
    // With `openStdin` the library would hold the request's own head back until the first byte of input.
    openStdin: false,
    // The one form of body that it does not make up by itself.
    file: Buffer.alloc(0),
    options: { stream: true, stdin: true, stdout: true, stderr: true },
    statusCodes: { 101: true, 200: true, 404: 'no such container', 409: 'no such state', 500: 'server error' },
  }
  return new Promise((resolve, reject) => {
    docker.modem.dial(request, (error: unknown, stream: unknown) => {
      if (error) reject(error instanceof Error ? error : new Error(String(error)))
      else resolve(stream as Duplex)
    })
  })
}
