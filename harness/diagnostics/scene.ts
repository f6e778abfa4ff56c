import type { Attachment, ProbeOutcome, ScenarioResult, Verdict } from '../results/results.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { ScenarioContext, ProvisionedCluster } from '../scenario/scenario-context.ts';
import { clusterOf, workloads } from '../scenario/scenario-context.ts';
import { clustersOf } from '../scenario/requirements.ts';

/** Maximum size of a file. Longer logs and records lose their beginning. */
export const MAX_BYTES = 1024 * 1024;
/** Events, log lines and calls shortly before the scenario are relevant too. */
const BEFORE_MILLISECONDS = 2000;

export interface Scene {
  readonly context: ScenarioContext;
  readonly clusters: readonly ProvisionedCluster[];
  readonly places: readonly { readonly provisioned: ProvisionedCluster; readonly namespace: string }[];
  /** The judged probes, whose details are not repeated. */
  readonly probes: readonly ProbeOutcome[];
  readonly since: Date;
  readonly signal: AbortSignal;
}

export interface Failure {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly probes: readonly ProbeOutcome[];
  readonly calls: ScenarioResult['calls'];
  readonly policies: ScenarioResult['policies'];
  readonly attempt: number;
  /** Start of the scenario, milliseconds since the epoch. */
  readonly startedAt: number;
}

export function makeScene(context: ScenarioContext, { probes, startedAt }: Failure, signal: AbortSignal): Scene {
  const aliases = clustersOf(context.scenario).filter((alias) => context.environment.clusters.has(alias));
  const places = new Map(
    workloads(context)
      .filter(({ cluster }) => context.environment.clusters.has(cluster))
      .map(({ cluster, namespace }) => [
        `${cluster}/${namespace}`,
        { provisioned: clusterOf(context, cluster), namespace },
      ]),
  );
  return {
    context,
    clusters: aliases.map((alias: ClusterAlias) => clusterOf(context, alias)),
    places: [...places.values()],
    probes,
    since: new Date(startedAt - BEFORE_MILLISECONDS),
    signal,
  };
}

/** A file to write, as JSON unless `content` is a string. */
export interface DiagnosticFile extends Pick<Attachment, 'name' | 'description'> {
  readonly content: unknown;
}

export interface Findings {
  readonly files: DiagnosticFile[];
  /** Lines that may explain the failure, by their source. */
  readonly excerpts: { readonly source: string; readonly lines: readonly string[] }[];
  readonly notes: string[];
}

/** Calls `work` for each namespace of the scenario. Failures become notes. */
export async function inEachPlace(
  { places }: Scene,
  what: string,
  findings: Findings,
  work: (provisioned: ProvisionedCluster, namespace: string) => Promise<void>,
): Promise<void> {
  await Promise.all(
    places.map(({ provisioned, namespace }) =>
      attempt(`${what} of namespace ${namespace} (${provisioned.alias})`, findings, () => work(provisioned, namespace)),
    ),
  );
}

/** Calls `work`. A failure becomes a note. */
export async function attempt(what: string, findings: Findings, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    findings.notes.push(`${what}: ${name === 'Error' ? '' : `${name}: `}${message.split('\n')[0] ?? ''}`);
  }
}
