/** Disturbances of EKS Auth, and pods that start later. */
import { podIdentityRole, disturbAws } from '../../../harness/index.ts';

export const eksAuth = (trouble: Omit<Parameters<typeof disturbAws>[0], 'service' | 'operation'>) =>
  disturbAws({ service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', namespace: 'app', ...trouble });
/** EKS Auth answers each call with this error until the disturbances are cleared. */
export const AWAY = { code: 'ServiceUnavailableException', status: 503 } as const;
export const eksAuthAway = () => eksAuth({ error: { ...AWAY, message: 'Try again later.' } });
/** A pod that a later step starts, after AWS was disturbed or has recovered. */
export const STARTED_LATER = {
  roles: { app: podIdentityRole() },
  workloads: { app: { role: 'app', starts: 'later' } },
} as const;
