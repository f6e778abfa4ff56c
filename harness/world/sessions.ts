/** Sessions that the harness opens itself, so that no pod has to start. */
import { randomUUID } from 'node:crypto';
import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { credentialsOf, type AwsCredentials } from '../../aws/credentials.ts';
import { SERVICE_ERRORS, refusalBy } from '../../aws/refusal.ts';
import { setPodContext } from './pod-context.ts';
import {
  clusterOf,
  labelsOf,
  type HeldSession,
  type ScenarioContext,
  type Workload,
} from '../scenario/scenario-context.ts';

/** A session of a scenario's role, opened by AssumeRoleWithWebIdentity with one of its tokens. */
export interface WebSession {
  readonly role: string;
  readonly token: string;
}

/** Fixed, because policies may name the ARN of the session. */
export const WEB_SESSION_NAME = 'creator';
/** A scheduling gate that is never removed, so the pod never runs (Kubernetes, "Pod Scheduling Readiness"). */
const NEVER = 'conformance.eks-pod-identity/never';

export const heldSession = ({ environment: { aws } }: ScenarioContext, credentials: AwsCredentials): HeldSession => ({
  credentials,
  clients: aws.clientsWith(credentials),
});

/** Opens a session once per scenario, or returns STS's refusal. Throws other errors. */
export async function webSession(
  context: ScenarioContext,
  { role, token }: WebSession,
): Promise<HeldSession | ProbeResult> {
  const name = `${role}/${token}`;
  const held = context.sessions.get(name);
  if (held !== undefined) return held;
  try {
    const answer = await context.environment.aws.clients('main').sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: context.names.roleArn(role),
        RoleSessionName: WEB_SESSION_NAME,
        WebIdentityToken: context.tokens.get(token) ?? '',
      }),
    );
    const session = heldSession(context, credentialsOf(answer));
    context.sessions.set(name, session);
    return session;
  } catch (error) {
    return refusalBy('sts', error as Error, SERVICE_ERRORS);
  }
}

/**
 * Creates a pod of the workload's service account that never runs, and a token for it. Both are deleted with the
 * namespace. If the API server refuses one, removes the pod and throws a KubernetesError.
 */
export async function podToken(
  context: ScenarioContext,
  item: Workload,
  audience = 'pods.eks.amazonaws.com',
): Promise<{ readonly token: string; remove(): void }> {
  const { kubernetes, workloadImage } = clusterOf(context, item.cluster);
  const name = `association-check-${randomUUID().slice(0, 8)}`;
  setPodContext(context, item, name);
  const remove = (): void => void kubernetes.deletePod(item.namespace, name, 0).catch(() => undefined);
  try {
    const pod = await kubernetes.createPod(item.namespace, {
      metadata: { name, namespace: item.namespace, labels: labelsOf(context) },
      spec: {
        serviceAccountName: item.serviceAccount,
        automountServiceAccountToken: false,
        schedulingGates: [{ name: NEVER }],
        containers: [{ name: 'never', image: workloadImage }],
      },
    });
    const boundPod = { name, uid: pod.metadata?.uid ?? '' };
    const token = await kubernetes.createToken(item.namespace, item.serviceAccount, {
      audiences: [audience],
      boundPod,
    });
    // Stored under a name that no scenario uses, so that reports redact it.
    context.tokens.set(`<${name}>`, token);
    return { token, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
