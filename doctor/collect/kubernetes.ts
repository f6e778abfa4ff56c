import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig, V1DaemonSet } from '@kubernetes/client-node';
import { connect, isTransient } from '../../foundation/protocols/kubernetes-connection.ts';
import { defined } from '../snapshot/defined.ts';
import * as trim from '../snapshot/kubernetes.ts';
import { ISSUER_PATH, KUBERNETES_LISTS, VERSION_PATH, type ListedKind } from './calls.ts';
import type { Gaps } from './gaps.ts';
import * as refused from './refused-pods.ts';

/** Reads an API server: returns the text of an answer. It has no other methods. */
interface KubernetesReader {
  readonly get: (path: string, signal: AbortSignal) => Promise<string>;
  readonly close: () => void;
}

/** Pauses before retries after an overload or a broken connection, in milliseconds. */
const PAUSES = [200, 1000];
/** Milliseconds for an answer. */
const ANSWER = 60_000;

export function kubernetesReader(config: KubeConfig): KubernetesReader {
  const connection = connect(config);
  const get = async (path: string, signal: AbortSignal, attempt = 0): Promise<string> => {
    try {
      return await text(await connection.open(path, AbortSignal.any([signal, AbortSignal.timeout(ANSWER)])));
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

interface KubernetesReading {
  readonly reader: KubernetesReader;
  readonly gaps: Gaps;
  readonly progress: (line: string) => void;
}

/** Reads the version, which also shows whether the API server answers. Throws `Unreadable`. */
export async function readVersion({ reader, gaps }: Pick<KubernetesReading, 'reader' | 'gaps'>): Promise<string> {
  return gaps.call(`get ${VERSION_PATH}`, async (signal) => {
    const answer = await reader.get(VERSION_PATH, AbortSignal.any([signal, AbortSignal.timeout(FIRST_ANSWER)]));
    return (JSON.parse(answer) as { readonly gitVersion: string }).gitVersion;
  });
}

/** Reads all objects of a snapshot. Those that cannot be read are gaps. */
export async function readKubernetes(reading: KubernetesReading): Promise<trim.KubernetesObjects> {
  const { reader, gaps } = reading;
  const list = <Raw, Trimmed>(kind: ListedKind, trimmed: (raw: Raw) => Trimmed[], query?: string) =>
    gaps.attempt(() => listAll<Raw, Trimmed>(reading, kind, trimmed, query));
  const one =
    <Raw, Trimmed>(trimmed: (raw: Raw) => Trimmed) =>
    (raw: Raw) => [trimmed(raw)];
  const readIssuer = async (signal: AbortSignal): Promise<string | undefined> =>
    (JSON.parse(await reader.get(ISSUER_PATH, signal)) as { readonly issuer?: string }).issuer;
  const daemonSet = (raw: V1DaemonSet) => ({ set: trim.daemonSetOf(raw), short: refused.shortDaemonSet(raw) });
  const [issuer, namespaces, nodes, pods, serviceAccounts, networkPolicies, mutatingWebhooks] = await Promise.all([
    gaps.attempt(() => gaps.call(`get ${ISSUER_PATH}`, readIssuer)),
    list('namespaces', one(trim.objectOf)),
    list('nodes', one(trim.nodeOf)),
    list('pods', one(trim.podOf)),
    list('serviceaccounts', one(trim.objectOf)),
    list('networkpolicies', one(trim.networkPolicyOf)),
    list('mutatingwebhookconfigurations', trim.webhooksOf),
  ]);
  const [sets, replicaSets, statefulSets = [], jobs = [], events = []] = await Promise.all([
    list('daemonsets', one(daemonSet)),
    list('replicasets', refused.refusedOf),
    list('statefulsets', refused.shortStatefulSet),
    list('jobs', refused.shortJob),
    list('events', one(refused.failedCreateOf), '&fieldSelector=reason%3DFailedCreate'),
  ]);
  const short = [...statefulSets, ...jobs, ...(sets ?? []).flatMap((set) => set.short)];
  return defined({
    issuer,
    namespaces,
    nodes,
    pods,
    serviceAccounts,
    daemonSets: sets?.map(({ set }) => set),
    refusedPods: replicaSets && [...replicaSets, ...refused.refusedAmong(short, events)],
    networkPolicies,
    mutatingWebhooks,
  });
}

/** Lists a kind page by page, and trims each page at once to save memory. Throws `Unreadable`. */
async function listAll<Raw, Trimmed>(
  { reader, gaps, progress }: KubernetesReading,
  kind: ListedKind,
  trimmed: (raw: Raw) => Trimmed[],
  query = '',
): Promise<Trimmed[]> {
  const objects: Trimmed[] = [];
  let count = 0;
  for (let token: string | undefined = ''; token !== undefined;) {
    const from: string = token && `&continue=${encodeURIComponent(token)}`;
    token = await gaps.call(`list ${kind}`, async (signal) => {
      const page = await reader.get(`${KUBERNETES_LISTS[kind]}/${kind}?limit=${PAGE}${query}${from}`, signal);
      return readList(page, (item) => {
        count += 1;
        objects.push(...trimmed(item as Raw));
      });
    });
    progress(`${count} ${kind}`);
  }
  return objects;
}

interface List {
  readonly items?: readonly unknown[] | null;
  readonly metadata?: { readonly continue?: string };
}

const START = '"items":[';

/**
 * Calls `use` with each item of a list, and returns the token of the next page. Parses one item at a time: a page of
 * 500 pods, parsed at once, would outlive garbage collections and double the memory. Throws `SyntaxError`.
 */
export function readList(page: string, use: (item: unknown) => void): string | undefined {
  const marker = page.indexOf(START);
  let [at, start, depth] = [marker + START.length, 0, 0];
  for (; marker !== -1 && at < page.length && (page[at] !== ']' || depth > 0); at += 1) {
    const character = page[at];
    if (character === '"') at = endOfString(page, at);
    else if (character === '{' && (depth += 1) === 1) start = at;
    else if (character === '}' && (depth -= 1) === 0) use(JSON.parse(page.slice(start, at + 1)));
  }
  const rest = marker === -1 ? page : page.slice(0, marker + START.length) + page.slice(at);
  const { items, metadata } = JSON.parse(rest) as List;
  for (const item of items ?? []) use(item);
  return metadata?.continue || undefined;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
