export { startApiServer } from './server.ts';
export { ApiError } from './types.ts';
export type {
  ApiServer,
  ApiServerOptions,
  Clock,
  Kubelet,
  KubeObject,
  ObjectMeta,
  ObjectStore,
  StatusDetails,
  Stored,
  TokenIssuer,
  TokenRequestSpec,
  WatchEvent,
} from './types.ts';
