/** The mesh's public surface. */
export { MeshError, type MeshErrorCode } from './errors.ts'
export { GOSSIP_BYTES_MAX } from './limits.ts'
export { createMesh, type PreparedMesh, prepareMesh, toPeerId } from './mesh.ts'
export type { Mesh, MeshHandlers, MeshLog, RequestKind, Topic, Verdict } from './port.ts'
