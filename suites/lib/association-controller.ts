/** A controller in the cluster that manages associations with its own IRSA role. */
import { irsaRole, type PermissionStatement } from '../../harness/index.ts';

export const TOKEN = { controller: { serviceAccount: 'app/controller', audience: 'sts.amazonaws.com' } } as const;
export const WORKLOADS = { app: { role: 'app' }, controller: { serviceAccount: 'controller' } } as const;
export const controller = (...permissions: readonly PermissionStatement[]) =>
  irsaRole('app/controller', ...permissions);
export const as = (role: string) => ({ as: { role, token: 'controller' } });
export const refusal = (action: string) =>
  ({ by: 'eks', code: 'AccessDeniedException', status: 403, message: action }) as const;
export const ID = '<association-id:app>';
