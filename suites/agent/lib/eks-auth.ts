/** Trouble of EKS Auth, and agents that start after it. */
import { podIdentityRole, weather } from '../../../harness/index.ts';

export const eksAuth = (trouble: Omit<Parameters<typeof weather>[0], 'service' | 'operation'>) =>
  weather({ service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', namespace: 'app', ...trouble });
/** A pod that starts when a step says so: after the weather has changed. */
export const STARTED_LATER = {
  roles: { app: podIdentityRole() },
  workloads: { app: { role: 'app', starts: 'later' } },
} as const;
