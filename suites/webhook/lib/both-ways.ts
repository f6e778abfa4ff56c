/** Pods with Pod Identity and pods with IRSA, next to each other. */
import { irsaRole, podIdentityRole } from '../../../harness/index.ts';

export const WEB_TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
export const STS_ENDPOINTS = 'AWS_STS_REGIONAL_ENDPOINTS';
/** One service account for each way; pods are only admitted, not run. */
export const BOTH_WAYS = {
  roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
  workloads: { pi: { serviceAccount: 'pi', role: 'pi' }, web: { serviceAccount: 'web', irsa: 'web' } },
} as const;
export const annotated = (name: string, value: string) => ({
  metadata: { annotations: { [`eks.amazonaws.com/${name}`]: value } },
});
