import { limitersOfAccount, type Limiters } from '../../aws/clients.ts';
import type { CredentialsProvider } from '../../aws/credentials.ts';
import { checkEnvironmentEndpoints, type Endpoints } from '../../aws/endpoints.ts';
import { findRegion } from '../../aws/preflight.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { badFlagValue, HarnessError } from '../../foundation/node/errors.ts';
import { readContext, type NamedContext } from '../../foundation/node/named-context.ts';
import { hasStatus } from '../../foundation/protocols/kubernetes-connection.ts';
import type { OrganizationReading } from '../snapshot/aws.ts';
import { LEFT_OUT, SNAPSHOT_VERSION, type ClusterSnapshot, type Snapshot } from '../snapshot/snapshot.ts';
import type { AccessScope } from './access.ts';
import { ANY_AWS, openAccount, type AwsAccount, type AwsAccountOptions } from './aws-account.ts';
import { readAws } from './aws.ts';
import { KUBERNETES_LISTS } from './calls.ts';
import { eksPlaceOf } from './eks-place.ts';
import { Gaps, INTERRUPTED, Unreadable } from './gaps.ts';
import { kubernetesReader, readKubernetes, readVersion } from './kubernetes.ts';

export { ACCESS_RIGHTS, clusterRole, policyDocument } from './calls.ts';

export interface CollectOptions {
  /** Default: KUBECONFIG, or `~/.kube/config`. */
  readonly kubeconfig?: string;
  /** Contexts of the kubeconfig. Default: the current one. */
  readonly contexts?: readonly string[];
  /** The EKS cluster, if the context does not name it. */
  readonly clusterName?: string;
  /** Overrides the context's region. */
  readonly region?: string;
  /** What `can` asks. The policies that decide it are read too. */
  readonly access?: AccessScope;
  /** False: reads Kubernetes only. */
  readonly aws?: boolean;
  /** The organization of the account, if it should not be read. */
  readonly organization?: OrganizationReading;
  /** Profile that may read the organization. Default: the credentials of the account. */
  readonly organizationProfile?: string;
  readonly endpoints?: Endpoints;
  /** Default: the context's profile, or the SDK's default chain. */
  readonly credentials?: CredentialsProvider;
  /** Whether to read the policies of annotated roles too. */
  readonly policies?: boolean;
  /** Rate limits of AWS calls. Default: `limitersOfAccount`. */
  readonly limiters?: Limiters;
  /** Ends the collection early. Parts that were not read are gaps. */
  readonly signal: AbortSignal;
  /** Called often, with lines such as `1500 pods`. */
  readonly progress?: (line: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Reads clusters and their AWS accounts. It makes only reading calls and reads no Secret. Throws `ClusterError` and
 * `HarnessError` for mistakes in the options, and if no cluster can be read.
 */
export async function collect(options: CollectOptions): Promise<Snapshot> {
  const { contexts = [], clusterName, kubeconfig, environment = process.env } = options;
  if (contexts.length > 1 && clusterName !== undefined)
    throw badFlagValue('--cluster-name applies to one cluster, but there are several contexts. Remove one of the two.');
  if (options.region !== undefined) await findRegion(options.region, environment);
  if (options.aws !== false) checkEnvironmentEndpoints(options.endpoints ?? {}, environment);
  const named = (contexts.length === 0 ? [undefined] : [...new Set(contexts)]).map((context) =>
    readContext(
      { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) },
      environment,
    ),
  );
  const { limiters = limitersOfAccount() } = options;
  const results = await Promise.allSettled(
    named.map((one) => collectCluster(one, { ...options, environment, limiters })),
  );
  const clusters = results.map((result, index) => {
    if (result.status === 'fulfilled') return result.value;
    const error: unknown = result.reason;
    const isKnown = error instanceof ClusterError || error instanceof HarnessError;
    if (!isKnown || results.every(({ status }) => status === 'rejected')) throw error;
    return unread(named[index] as NamedContext, error.message);
  });
  return { version: SNAPSHOT_VERSION, clusters };
}

async function collectCluster(
  named: NamedContext,
  options: CollectOptions & Pick<AwsAccountOptions, 'environment' | 'limiters'>,
): Promise<ClusterSnapshot> {
  const { signal, endpoints = {} } = options;
  const gaps = new Gaps(signal);
  const place = eksPlaceOf(named.config);
  const takenAt = new Date().toISOString();
  const progress = (line: string): void =>
    options.progress?.((options.contexts?.length ?? 0) > 1 ? `${named.context}: ${line}` : line);
  const reader = kubernetesReader(named.config);
  let account: AwsAccount | undefined;
  try {
    const version = await readVersion({ reader, gaps }).catch((error: unknown) => {
      throw signal.aborted ? error : unreachable(named, place.server, error);
    });
    const reading = readKubernetes({ reader, gaps, progress });
    if (options.aws === false) gaps.add(ANY_AWS, LEFT_OUT);
    else account = await openAccount(place, { ...options, endpoints }, gaps);
    const kubernetes = await reading;
    const aws =
      account &&
      (await readAws({
        account,
        gaps,
        kubernetes,
        progress,
        policies: options.policies === true,
        ...(options.access && { access: options.access }),
        endpoints,
        ...(options.organization && { organization: options.organization }),
        ...(options.organizationProfile !== undefined && { organizationProfile: options.organizationProfile }),
      }));
    return {
      context: named.context,
      server: place.server,
      takenAt,
      kubernetes: { version, ...kubernetes },
      ...(aws && { aws }),
      gaps: gaps.all(),
    };
  } catch (error) {
    if (error instanceof Unreadable && signal.aborted) return unread(named, INTERRUPTED);
    throw error;
  } finally {
    account?.close();
    reader.close();
  }
}

/** Returns a cluster of which nothing could be read. */
function unread(named: NamedContext, reason: string): ClusterSnapshot {
  const rights = [...Object.keys(KUBERNETES_LISTS).map((kind) => `list ${kind}`), ANY_AWS];
  return {
    context: named.context,
    server: eksPlaceOf(named.config).server,
    takenAt: new Date().toISOString(),
    kubernetes: {},
    gaps: rights.map((right) => ({ right, reason })),
  };
}

function unreachable({ context }: NamedContext, address: string, error: unknown): unknown {
  if (!(error instanceof Unreadable)) return error;
  const { cause } = error;
  const reason = error.reason === 'TimeoutError' ? 'no answer' : error.reason;
  const server = `The API server ${address} of context ${context}`;
  const [code, sentence] = hasStatus(cause, 401, 403)
    ? (['NO_ACCESS', "does not accept the kubeconfig's credentials"] as const)
    : (['CLUSTER_UNREACHABLE', 'cannot be reached'] as const);
  return new ClusterError(code, `${server} ${sentence} (${reason}). Try kubectl --context ${context} version.`, {
    cause,
  });
}
