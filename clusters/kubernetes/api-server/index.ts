export { startApiServer } from './server.ts';
export type { ApiServer, Audit, KubeObject, ObjectStore, Stored } from './model/types.ts';
