export { eksService } from './service.ts';
export type { EksService } from './service.ts';
export { authenticateToken } from './get-token.ts';
export type { KubernetesUser } from './get-token.ts';
