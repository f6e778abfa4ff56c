import type { CoreV1Event, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { REPORT_PREFIX, TOKENS_PREFIX } from '../../foundation/protocols/probe-protocol.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { collectLogs, messageOf } from './logs.ts';
import type { KubernetesClient } from '../kubernetes-client/client.ts';
import { statusesOf } from '../kubernetes-client/pod-watcher.ts';
import { inEachPlace, type Findings, type Scene } from './scene.ts';

const LAST_LINES = 5;

export async function collectPods(scene: Scene, findings: Findings): Promise<void> {
  const { run } = scene.context.environment;
  const selector = `${RUN_LABEL}=${run},conformance.eks-pod-identity/scenario=${scene.context.scenario.id}`;
  const pods: { cluster: string; kubernetes: KubernetesClient; pod: V1Pod }[] = [];
  const tokens: PodTokens[] = [];
  await inEachPlace(scene, 'Pods', findings, async ({ alias, kubernetes }, namespace) => {
    for (const pod of await kubernetes.listPods(namespace, selector, scene.signal)) {
      pods.push({ cluster: alias, kubernetes, pod });
      const lines = stateLines(pod, scene.probes.length > 0);
      if (lines.length > 0) findings.excerpts.push({ source: `Pod ${pod.metadata?.name} (${alias})`, lines });
    }
  });
  if (pods.length === 0 && scene.places.length > 0) findings.notes.push('Pods: the scenario has none.');
  if (pods.length > 0)
    findings.files.push({
      name: 'pods.json',
      description: 'pods in the API server, with changes of the webhook and status',
      content: pods.map(({ cluster, pod }) => ({ cluster, ...presentable(pod) })),
    });
  await Promise.all(
    pods.map(async ({ cluster, kubernetes, pod }) => {
      const logs = await collectLogs({ scene, findings, kubernetes, cluster, pod, what: 'log of the workload' });
      for (const { container, text } of logs) {
        const { name = '', namespace = '' } = pod.metadata ?? {};
        const lines = text.split('\n').map(messageOf);
        for (const line of lines)
          if (line.startsWith(TOKENS_PREFIX))
            tokens.push({ cluster, namespace, pod: name, container, tokens: decodedTokens(line) });
        const isReport = (line: string): boolean => scene.probes.length > 0 && line.startsWith(REPORT_PREFIX);
        const last = lines
          .filter((line) => line !== '' && !line.startsWith(TOKENS_PREFIX) && !isReport(line))
          .slice(-LAST_LINES);
        if (last.length > 0)
          findings.excerpts.push({ source: `Log of ${name}, container ${container} (${cluster})`, lines: last });
      }
    }),
  );
  if (tokens.length > 0)
    findings.files.push({
      name: 'tokens.json',
      description: "header and claims of the pods' tokens at their start, without signatures",
      content: tokens,
    });
  else if (pods.length > 0) findings.notes.push('Tokens: no pod printed the claims of its tokens.');
}

interface PodTokens {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly tokens: readonly { readonly from: unknown; readonly header: unknown; readonly claims: unknown }[];
}

/** Returns only those parts of each token that may be published. */
export function decodedTokens(line: string): PodTokens['tokens'] {
  try {
    const tokens = JSON.parse(line.slice(TOKENS_PREFIX.length)) as Record<string, unknown>[];
    return tokens.map(({ from, header, claims }) => ({ from, header, claims }));
  } catch {
    return [];
  }
}

/** Returns a pod without managed fields and probe plan. */
function presentable({ metadata, ...pod }: V1Pod): object {
  const { managedFields: _managedFields, ...rest } = metadata ?? {};
  return JSON.parse(
    JSON.stringify({ metadata: rest, ...pod }, (_key, value: unknown) => {
      const { name, value: text } = (value ?? {}) as { name?: unknown; value?: unknown };
      return name === 'PROBE_PLAN' && typeof text === 'string'
        ? { name, value: `(the probe plan: ${text.length} characters)` }
        : value;
    }),
  ) as object;
}

/** Returns a line for each container with a problem. After a report, `Pending` only means a late status. */
function stateLines({ status = {} }: V1Pod, hasReported: boolean): string[] {
  const lines = statusesOf({ status }).flatMap(containerLine);
  if ((status.phase === 'Pending' && !hasReported) || status.phase === 'Unknown' || status.reason !== undefined)
    lines.unshift(
      [`phase ${status.phase}`, status.reason, status.message].filter((part) => part !== undefined).join(', '),
    );
  return lines;
}

function containerLine({ name, state, restartCount }: V1ContainerStatus): string[] {
  const { waiting, terminated } = state ?? {};
  const words = [
    ...(waiting ? [`waits: ${waiting.reason}`, waiting.message] : []),
    ...(terminated && terminated.exitCode !== 0
      ? [`ended: ${terminated.reason}, exit code ${terminated.exitCode}`, terminated.message]
      : []),
    ...(restartCount > 0 ? [`was restarted ${restartCount} times`] : []),
  ].filter((word) => word !== undefined && word !== '');
  return words.length === 0 ? [] : [`container ${name} ${words.join(', ')}`];
}

export async function collectEvents(scene: Scene, findings: Findings): Promise<void> {
  const events: ReturnType<typeof eventLine>[] = [];
  await inEachPlace(scene, 'Events', findings, async ({ alias, kubernetes }, namespace) => {
    const all = await kubernetes.listEvents(namespace, scene.signal);
    events.push(...all.map((event) => eventLine(alias, event)));
  });
  const recent = events
    .filter(({ time }) => time === null || Date.parse(time) >= scene.since.getTime())
    .sort((a, b) => (a.time ?? '').localeCompare(b.time ?? ''));
  if (recent.length === 0) return;
  findings.files.push({ name: 'events.json', description: 'events of the namespaces', content: recent });
  const warnings = recent.filter(({ type }) => type === 'Warning').slice(-LAST_LINES);
  if (warnings.length > 0)
    findings.excerpts.push({
      source: 'Warning events',
      lines: warnings.map(({ time, object, reason, message }) => `${time ?? ''} ${object} ${reason}: ${message}`),
    });
}

/** Converts an event of either API. The newer one has `eventTime` and `series` instead of timestamps and count. */
export function eventLine(cluster: string, event: CoreV1Event) {
  const { lastTimestamp, firstTimestamp, eventTime, series, involvedObject, metadata } = event;
  const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp;
  return {
    time: time === undefined ? null : new Date(time).toISOString(),
    cluster,
    namespace: metadata.namespace ?? '',
    type: event.type ?? 'Normal',
    reason: event.reason ?? '',
    object: `${involvedObject.kind ?? ''}/${involvedObject.name ?? ''}`,
    message: event.message ?? '',
    count: series?.count ?? event.count ?? 1,
    component: event.reportingComponent ?? event.source?.component ?? '',
  };
}
