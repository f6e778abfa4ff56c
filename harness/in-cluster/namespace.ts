import { removeFromCluster, removeNamespaces } from '../../clusters/in-cluster/index.ts';
import { find, pathOf, put, removeObjects } from '../../clusters/in-cluster/objects.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { NAMESPACE, namespaceOf, runnerObjects, type RunnerSpec } from './manifest.ts';

/** Milliseconds in which a deleted runner must be gone: its grace period, and a margin. */
const RUNNER_GONE = 150_000;
const PATH = `/api/v1/namespaces/${NAMESPACE}`;
const JOB = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/runner`;

interface Labelled {
  readonly metadata: { readonly uid?: string; readonly labels?: Readonly<Record<string, string>> };
}

/**
 * Makes the runner's namespace without the leftovers of earlier runners, and returns its uid; with a claim it uses the
 * existing one. Throws `HarnessError` if another runner is at work, or the namespace is unsuitable.
 */
export async function prepareNamespace(
  connection: Connection,
  spec: RunnerSpec,
  { signal, note }: { readonly signal: AbortSignal; readonly note: (line: string) => void },
): Promise<string | undefined> {
  const { claim, run } = spec;
  const found = await find<Labelled>(connection, PATH, signal);
  const owner = found?.metadata.labels?.[RUN_LABEL];
  if (found !== undefined && owner === undefined && claim === undefined)
    throw new HarnessError(
      'BAD_CLUSTER',
      `Namespace ${NAMESPACE} is not the harness' own: remove or rename it first, or name a claim in it with --results-claim.`,
    );
  const job = found && (await find<Labelled & { status?: { active?: number } }>(connection, JOB, signal));
  const earlier = owner ?? job?.metadata.labels?.[RUN_LABEL];
  if (earlier !== undefined && earlier !== run) {
    if ((job?.status?.active ?? 0) > 0)
      throw new HarnessError(
        'PROVISIONING_FAILED',
        `The runner of run ${earlier} is at work in namespace ${NAMESPACE}: wait for it, or delete the Job to end it.`,
      );
    note(`Removing what run ${earlier} has left in the cluster.`);
    await removeRun(connection, spec, earlier);
  }
  if (claim === undefined) {
    const namespace = namespaceOf(spec);
    await put(connection, namespace, signal);
    return ((await find<Labelled>(connection, pathOf(namespace), signal)) ?? namespace).metadata.uid;
  }
  if ((await find(connection, `${PATH}/persistentvolumeclaims/${claim}`, signal)) === undefined)
    throw new HarnessError(
      'BAD_CLUSTER',
      `There is no PersistentVolumeClaim ${claim} in namespace ${NAMESPACE} (--results-claim): make both by hand first.`,
    );
  return undefined;
}

/** Removes a run's namespaces, the runner with its roles, and its agent. */
export async function removeRun(connection: Connection, spec: RunnerSpec, run: string): Promise<void> {
  await removeNamespaces(connection, run);
  // In a namespace that stays.
  await removeObjects(connection, runnerObjects(spec), {
    run,
    within: RUNNER_GONE,
    signal: new AbortController().signal,
  });
  await removeFromCluster(connection, run);
}
