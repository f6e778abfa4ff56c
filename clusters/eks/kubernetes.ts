import type { V1Deployment, V1SelfSubjectAccessReview } from '@kubernetes/client-node';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { find } from '../in-cluster/objects.ts';
import { poll } from '../../foundation/node/poll.ts';
import {
  hasStatus,
  isTransient,
  KubernetesError,
  type Connection,
} from '../../foundation/protocols/kubernetes-connection.ts';
import { ADMINISTRATOR_POLICY } from './access.ts';
import type { EksContext } from './context.ts';

interface ApiServer {
  readonly connection: Connection;
  readonly endpoint: string;
  /** The caller's name in messages. */
  readonly principal: string;
  /** How to get administrator rights. Default: advice for an IAM principal. */
  readonly remedy?: string;
  /** Whether a missing API server is an error. */
  readonly required: boolean;
  /** Whether the cluster is new, so that its access entry may not be effective yet. */
  readonly made: boolean;
}

/** Response timeout in milliseconds: private endpoints drop packets. */
const LONGEST_ANSWER = 10_000;

/**
 * Waits until the API server answers and the caller is an administrator. Returns false without an API server. Throws
 * `ClusterError` CLUSTER_UNREACHABLE or NO_ACCESS.
 */
export async function reachApiServer(server: ApiServer, context: EksContext): Promise<boolean> {
  const { connection, required, made } = server;
  const { name, timing, deadline, signal } = context;
  const within = required ? timing.apiServer : timing.optionalApiServer;
  let last: Error | undefined;
  return poll<boolean>(
    async (attempt) => {
      try {
        const inTime = AbortSignal.any([attempt, AbortSignal.timeout(LONGEST_ANSWER)]);
        const review = await connection.json<V1SelfSubjectAccessReview>('POST', REVIEWS, REVIEW, inTime);
        if (review.status?.allowed === true) return true;
        last = noAccess(server, name, 'it may not create namespaces');
      } catch (error) {
        // After a timeout, keep the more precise previous error.
        if (attempt.aborted && last !== undefined) return undefined;
        last = error as Error;
        const refused = error instanceof KubernetesError && hasStatus(error, 401, 403);
        if (refused) last = noAccess(server, name, `${error.status} ${error.reason}`, error);
        // An emulator's endpoint may not be an API server.
        else if (error instanceof KubernetesError && error.status < 500 && error.status !== 429) return undefined;
      }
      if (last instanceof ClusterError && !made) throw last;
      return undefined;
    },
    {
      every: timing.firstPause,
      within: Math.min(within, deadline - Date.now()),
      signal,
      late: () => {
        if (last instanceof ClusterError) return last;
        return required ? noAnswer(server, name, last) : false;
      },
    },
  );
}

function noAnswer({ endpoint }: ApiServer, name: string, cause: Error | undefined): ClusterError {
  const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? cause?.message.split('\n')[0] ?? 'no answer';
  return new ClusterError(
    'CLUSTER_UNREACHABLE',
    `The API server of cluster ${name} does not answer at ${endpoint} (${why}). Enable its public access, or run inside its VPC.`,
    { blame: 'environment', cause },
  );
}

const ACCESS_ENTRY = `add an access entry for it with ${ADMINISTRATOR_POLICY}`;

/** Checks a right that cluster administrators have and namespace administrators lack. */
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const REVIEW = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  spec: { resourceAttributes: { verb: 'create', version: 'v1', resource: 'namespaces' } },
};

const noAccess = (
  { principal, remedy = ACCESS_ENTRY }: ApiServer,
  name: string,
  why: string,
  cause?: unknown,
): ClusterError =>
  new ClusterError(
    'NO_ACCESS',
    `${principal} is not an administrator of cluster ${name} in Kubernetes (${why}): ${remedy}.`,
    {
      cause,
    },
  );

/** Resolves services and AWS hosts (Amazon EKS User Guide, "Manage CoreDNS for DNS in Amazon EKS clusters"). */
const DNS = '/apis/apps/v1/namespaces/kube-system/deployments/coredns';

/** Waits for a ready DNS pod, which probes need; without CoreDNS, as in Auto Mode, does not wait. Throws NODE_NOT_READY. */
export async function awaitDns(connection: Connection, context: EksContext): Promise<void> {
  const { name, timing, deadline, readyMilliseconds, signal } = context;
  await poll<true>(
    async (attempt) => {
      const dns = await find<V1Deployment>(connection, DNS, attempt);
      return dns === undefined || (dns.status?.readyReplicas ?? 0) > 0 ? true : undefined;
    },
    {
      every: timing.firstPause,
      within: deadline - Date.now(),
      signal,
      tolerates: isTransient,
      late: () =>
        new ClusterError(
          'NODE_NOT_READY',
          `CoreDNS of cluster ${name} was not ready within ${readyMilliseconds / 1000} s (--ready-timeout). Check the pods of Deployment coredns in kube-system.`,
        ),
    },
  );
}
