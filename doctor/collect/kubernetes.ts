import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { connect, isTransient } from '../../foundation/protocols/kubernetes-connection.ts';
import type { KubernetesObjects, RefusedPods } from '../snapshot/kubernetes.ts';
import {
  CLUSTER_KINDS,
  ISSUER_PATH,
  KUBERNETES_LISTS,
  VERSION_PATH,
  type KubernetesRight,
  type ListedKind,
} from './calls.ts';
import type { Gaps } from './gaps.ts';
import * as trim from './trim.ts';

/** Reads an API server. It has no other methods. */
export interface KubernetesReader {
  readonly get: <T>(path: string, signal: AbortSignal) => Promise<T>;
  readonly close: () => void;
}

/** Pauses before retries after an overload or a broken connection, in milliseconds. */
const PAUSES = [200, 1000];

export function kubernetesReader(config: KubeConfig): KubernetesReader {
  const connection = connect(config);
  const get = async <T>(path: string, signal: AbortSignal, attempt = 0): Promise<T> => {
    try {
      return await connection.json<T>('GET', path, undefined, signal);
    } catch (error) {
      const pause = PAUSES[attempt];
      if (pause === undefined || !isTransient(error)) throw error;
      await sleep(pause, undefined, { signal });
      return get(path, signal, attempt + 1);
    }
  };
  return { get, close: () => connection.close() };
}

/** Milliseconds until an API server must answer the first call, for which the kubeconfig's program gets a token. */
const FIRST_ANSWER = 20_000;
/** Objects in an answer (Kubernetes API Concepts, "Retrieving large results sets in chunks"). */
const PAGE = 500;
/** The namespace of EKS's agent, webhook and add-ons. */
export const SYSTEM = 'kube-system';

interface List {
  readonly items: readonly unknown[];
  readonly metadata?: { readonly continue?: string };
}

export interface KubernetesReading {
  readonly reader: KubernetesReader;
  readonly gaps: Gaps;
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  /** Whether a namespace is part of the snapshot. */
  readonly includes: (namespace: string) => boolean;
  readonly progress: (line: string) => void;
}

/** Reads the version, which also shows whether the API server answers. Throws `Unreadable`. */
export async function readVersion({ reader, gaps }: Pick<KubernetesReading, 'reader' | 'gaps'>): Promise<string> {
  const right: KubernetesRight = `get ${VERSION_PATH}`;
  const { gitVersion } = await gaps.call(right, (signal) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(FIRST_ANSWER)]);
    return reader.get<{ gitVersion: string }>(VERSION_PATH, bounded);
  });
  return gitVersion;
}

/** Reads all objects of a snapshot. Those that cannot be read are gaps. */
export async function readKubernetes(reading: KubernetesReading): Promise<KubernetesObjects> {
  const { reader, gaps } = reading;
  const list = <Raw, Trimmed>(kind: ListedKind, trimmed: (raw: Raw) => Trimmed[], query?: string) =>
    gaps.attempt(() => listAll<Raw, Trimmed>(reading, kind, trimmed, query));
  const one =
    <Raw, Trimmed>(trimmed: (raw: Raw) => Trimmed) =>
    (raw: Raw) => [trimmed(raw)];
  const right: KubernetesRight = `get ${ISSUER_PATH}`;
  const metadata = one((raw: trim.RawObject) => ({ metadata: trim.metadataOf(raw) }));
  const [
    document,
    namespaces,
    nodes,
    pods,
    serviceAccounts,
    sets,
    replicaSets,
    statefulSets,
    jobs,
    events,
    policies,
    webhooks,
  ] = await Promise.all([
    gaps.attempt(() => gaps.call(right, (signal) => reader.get<{ issuer?: string }>(ISSUER_PATH, signal))),
    list('namespaces', metadata),
    list('nodes', one(trim.nodeOf)),
    list('pods', one(trim.podOf)),
    list('serviceaccounts', metadata),
    list(
      'daemonsets',
      one((raw: Parameters<typeof trim.daemonSetOf>[0]) => ({
        set: trim.daemonSetOf(raw),
        short: trim.shortDaemonSet(raw),
      })),
    ),
    list('replicasets', trim.refusedOf),
    list('statefulsets', trim.shortStatefulSet),
    list('jobs', trim.shortJob),
    list('events', one(trim.failedCreateOf), '&fieldSelector=reason%3DFailedCreate'),
    list('networkpolicies', one(trim.networkPolicyOf)),
    list('mutatingwebhookconfigurations', trim.webhooksOf),
  ]);
  const short = [...(statefulSets ?? []), ...(jobs ?? []), ...(sets ?? []).flatMap((set) => set.short)];
  return {
    ...(document?.issuer !== undefined && { issuer: document.issuer }),
    ...(namespaces && { namespaces: namespaces.filter(({ metadata: { name } }) => reading.includes(name)) }),
    ...(nodes && { nodes }),
    ...(pods && { pods }),
    ...(serviceAccounts && { serviceAccounts }),
    ...(sets && { daemonSets: sets.map(({ set }) => set) }),
    ...(replicaSets && { refusedPods: [...replicaSets, ...refusedAmong(short, events ?? [])] }),
    ...(policies && { networkPolicies: policies }),
    ...(webhooks && { mutatingWebhooks: webhooks }),
  };
}

/** Joins objects without pods with their last event. */
function refusedAmong(short: readonly trim.ShortOfPods[], events: readonly trim.FailedCreate[]): RefusedPods[] {
  const last = new Map([...events].sort((a, b) => a.time.localeCompare(b.time)).map((event) => [event.key, event]));
  return short.flatMap(({ kind, metadata }) => {
    const event = last.get(trim.keyOf(kind, metadata.namespace, metadata.name));
    return event === undefined ? [] : [{ kind, metadata, message: event.message }];
  });
}

/** Lists a kind page by page, and trims each page at once to save memory. Throws `Unreadable`. */
async function listAll<Raw, Trimmed>(
  { reader, gaps, namespaces, progress }: KubernetesReading,
  kind: ListedKind,
  trimmed: (raw: Raw) => Trimmed[],
  query = '',
): Promise<Trimmed[]> {
  const group = KUBERNETES_LISTS[kind];
  const paths =
    namespaces === undefined || CLUSTER_KINDS.includes(kind)
      ? [`${group}/${kind}`]
      : [...new Set([...namespaces, SYSTEM])].map((name) => `${group}/namespaces/${encodeURIComponent(name)}/${kind}`);
  const found: Trimmed[] = [];
  let count = 0;
  for (const path of paths)
    for (let token: string | undefined = ''; token !== undefined;) {
      const from: string = token && `&continue=${encodeURIComponent(token)}`;
      const { items, metadata } = await gaps.call(`list ${kind}`, (signal) =>
        reader.get<List>(`${path}?limit=${PAGE}${query}${from}`, signal),
      );
      for (const item of items) found.push(...trimmed(item as Raw));
      token = metadata?.continue || undefined;
      count += items.length;
      progress(`${count} ${kind}`);
    }
  return found;
}
