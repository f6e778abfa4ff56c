/** Service accounts with Pod Identity and with IRSA, and pods with their own settings. */
import { irsaRole, podIdentityRole } from '../../../harness/index.ts';
import { IMAGE } from '../../lib/worlds.ts';

/** One service account with only IRSA. */
export const ANNOTATED = { roles: { app: irsaRole('app/app') }, workloads: { app: { irsa: 'app' } } } as const;
/** Service accounts with Pod Identity and with IRSA; pods are only admitted, not run. */
export const BOTH_WAYS = {
  roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
  workloads: { pi: { serviceAccount: 'pi', role: 'pi' }, web: { serviceAccount: 'web', irsa: 'web' } },
} as const;
/** Returns `BOTH_WAYS` with this annotation on both service accounts. */
export const bothWith = (annotation: string, value: string) => {
  const serviceAccountAnnotations = { [annotation]: value };
  const { pi, web } = BOTH_WAYS.workloads;
  return {
    roles: BOTH_WAYS.roles,
    workloads: { pi: { ...pi, serviceAccountAnnotations }, web: { ...web, serviceAccountAnnotations } },
  };
};
/** Returns a pod with further fields in its container. */
export const containing = (more: object) => ({ spec: { containers: [{ name: 'app', image: IMAGE, ...more }] } });
export const labelled = (labels: Readonly<Record<string, string>>) => ({ metadata: { labels } });
export const annotated = (name: string, value: string) => ({
  metadata: { annotations: { [`eks.amazonaws.com/${name}`]: value } },
});
