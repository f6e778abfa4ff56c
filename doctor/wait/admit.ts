import { text } from 'node:stream/consumers';
import type { V1Pod } from '@kubernetes/client-node';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import {
  DRY_RUN_SAMPLES,
  isAccountMissing,
  OWN_CONNECTION,
  podDryRunPath,
} from '../../foundation/protocols/pod-dry-run.ts';
import { podOf, type Pod } from '../snapshot/kubernetes.ts';

/** The pods that admission would create, or why it creates no pod. `unknown`: a real pod may be admitted. */
export type Admission = readonly Pod[] | { readonly value: 'no' | 'unknown'; readonly text: string };

const RIGHT = 'create pods';

/** The image is never pulled. The security context satisfies the restricted Pod Security Standard. */
const podFor = (serviceAccountName: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'doctor-wait-' },
  spec: {
    serviceAccountName,
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'app',
        image: 'public.ecr.aws/eks-distro/kubernetes/pause:3.9',
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '10m', memory: '16Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
});

/** Creates several pods of a service account in a dry run, to reach all API servers. Nothing is stored. */
export async function admit(
  connection: Connection,
  namespace: string,
  serviceAccount: string,
  signal: AbortSignal,
): Promise<Admission> {
  const body = JSON.stringify(podFor(serviceAccount));
  const post = async () => {
    const headers = { 'content-type': 'application/json', ...OWN_CONNECTION };
    const answer = await connection.send({ method: 'POST', path: podDryRunPath(namespace), headers, body, signal });
    return { status: answer.statusCode ?? 0, body: await text(answer) };
  };
  try {
    const answers = await Promise.all(Array.from({ length: DRY_RUN_SAMPLES }, post));
    const refused = answers.find(({ status }) => status !== 201);
    if (refused) return refusal(refused.status, messageOf(refused.body), { namespace, serviceAccount });
    return answers.map((answer) => podOf(JSON.parse(answer.body) as V1Pod));
  } catch (error) {
    signal.throwIfAborted();
    return { value: 'unknown', text: `the dry run of a pod failed (${(error as Error).message})` };
  }
}

function refusal(
  status: number,
  message: string,
  { namespace, serviceAccount }: { readonly namespace: string; readonly serviceAccount: string },
): Exclude<Admission, readonly Pod[]> {
  const no = (reason: string) => ({ value: 'no', text: reason }) as const;
  if (isAccountMissing(status, message)) return no(`service account ${serviceAccount} does not exist`);
  if (status === 404) return no(`namespace ${namespace} does not exist`);
  if (status === 401 || /cannot create resource/.test(message))
    return { value: 'unknown', text: `the user may not ${RIGHT} in namespace ${namespace} (--print-rbac)` };
  if (/failed calling webhook/.test(message)) return no(`a webhook fails, so no pod can be created: ${message}`);
  return { value: 'unknown', text: `the API server rejects the pod of the dry run: ${message}` };
}

function messageOf(body: string): string {
  try {
    return (JSON.parse(body) as { readonly message?: string }).message ?? body;
  } catch {
    return body;
  }
}

/** The Role of `doctor wait`, next to the ClusterRole of the collector. RBAC cannot limit it to dry runs. */
export const waitRole = (namespace: string) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'eks-pod-identity-conformance-doctor-wait', namespace },
  rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['create'] }],
});
