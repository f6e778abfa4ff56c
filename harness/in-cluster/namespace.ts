import { removeFromCluster, removeNamespaces } from '../../clusters/in-cluster/index.ts';
import { find, pathOf, put, removeObjects } from '../../clusters/in-cluster/objects.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { NAMESPACE, namespaceOf, runnerObjects, type RunnerSpec } from './manifest.ts';

/** Milliseconds until a deleted runner must have disappeared: its grace period and a margin. */
const RUNNER_GONE = 150_000;
const PATH = `/api/v1/namespaces/${NAMESPACE}`;
const JOB = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/runner`;

interface Labelled {
  readonly metadata: { readonly uid?: string; readonly labels?: Readonly<Record<string, string>> };
}

/**
 * Removes leftovers of earlier runners, creates the runner's namespace and returns its uid. With a claim, uses the existing
 * namespace. Throws `HarnessError` if another runner is running, or the namespace is unsuitable.
 */
export async function prepareNamespace(
  connection: Connection,
  spec: RunnerSpec,
  { signal, note }: { readonly signal: AbortSignal; readonly note: (line: string) => void },
): Promise<string | undefined> {
  const { claim, run } = spec;
  const existing = await find<Labelled>(connection, PATH, signal);
  const owner = existing?.metadata.labels?.[RUN_LABEL];
  if (existing !== undefined && owner === undefined && claim === undefined)
    throw new HarnessError(
      'BAD_CLUSTER',
      `Namespace ${NAMESPACE} does not belong to the harness: remove it first, or name a claim in it with --results-claim.`,
    );
  const job = existing && (await find<Labelled & { status?: { active?: number } }>(connection, JOB, signal));
  const earlier = owner ?? job?.metadata.labels?.[RUN_LABEL];
  if (earlier !== undefined && earlier !== run) {
    if ((job?.status?.active ?? 0) > 0)
      throw new HarnessError(
        'PROVISIONING_FAILED',
        `The runner of run ${earlier} is still running in namespace ${NAMESPACE}: wait for it, or delete the Job to end it.`,
      );
    note(`Removing leftovers of run ${earlier} in the cluster.`);
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
      `Namespace ${NAMESPACE} has no PersistentVolumeClaim ${claim} (--results-claim): create both first.`,
    );
  return undefined;
}

/** Removes a run's namespaces, its runner with the roles, and its agent. */
export async function removeRun(connection: Connection, spec: RunnerSpec, run: string): Promise<void> {
  await removeNamespaces(connection, run);
  // With a claim, the namespace stays, so its objects are removed here.
  await removeObjects(connection, runnerObjects(spec), {
    run,
    within: RUNNER_GONE,
    signal: new AbortController().signal,
  });
  await removeFromCluster(connection, run);
}
