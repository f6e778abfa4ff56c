export { startApiServer } from './server.ts';
export type { ApiServer, KubeObject, ObjectStore, Stored } from './types.ts';
