import type { V1Container, V1JobSpec, V1JobStatus } from '@kubernetes/client-node';
import { deletePod } from '../rest/delete-pod.ts';
import { timestamp, type KubeObject, type Stored } from '../model/types.ts';
import { startController } from './controller.ts';
import { condition, createPod, isActive, isReady, podsOf, setStatus } from './workload.ts';
import type { ApiContext } from '../rest/context.ts';
import type { Condition, WorkloadPod } from './workload.ts';

/** Pod annotation with the index. JOB_COMPLETION_INDEX refers to it. */
const INDEX_ANNOTATION = 'batch.kubernetes.io/job-completion-index';

/** Milliseconds before the first retry; doubles with each failure (Kubernetes, "Pod backoff failure policy"). */
const BACKOFF = { initial: 10_000, max: 360_000 };

interface Job extends KubeObject {
  readonly spec: Stored<V1JobSpec>;
  readonly status?: Stored<V1JobStatus>;
}

type Result = Omit<Condition, 'lastTransitionTime'>;
/** Results of all terminated pods, including removed ones. */
interface Ended {
  readonly succeeded: Set<string>;
  readonly failed: Set<string>;
  readonly indexes: Set<number>;
  readonly failedIndexes: Set<number>;
  /** Milliseconds of the cluster's clock. */
  lastFailure: number;
}

/** Runs Jobs with parallelism, completions, indexes, retries, deadline and clean-up (Kubernetes, "Jobs"). */
export function startJobController(context: ApiContext): () => void {
  const { store } = context;
  const endings = new Map<string, Ended>();
  store.onChange('jobs', ({ type, object }) => {
    if (type === 'DELETED') endings.delete(object.metadata.uid ?? '');
  });
  return startController(store, {
    resource: 'jobs',
    kind: 'Job',
    owned: ['pods'],
    reconcile: async (object) => {
      const job = object as Job;
      const uid = job.metadata.uid ?? '';
      const ended = endings.get(uid) ?? {
        succeeded: new Set(),
        failed: new Set(),
        indexes: new Set(),
        failedIndexes: new Set(),
        lastFailure: 0,
      };
      endings.set(uid, ended);
      return reconcile(context, job, ended);
    },
  });
}

const isFinished = (job: Job): Condition | undefined =>
  job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');

async function reconcile(context: ApiContext, job: Job, ended: Ended): Promise<number | undefined> {
  const { store, clock } = context;
  const finished = isFinished(job);
  if (finished !== undefined) return cleanUp(context, job, finished);
  if (job.spec.selector === undefined) return label(context, job);
  const pods = podsOf(store, job);
  for (const pod of pods) count(ended, pod, clock.now());
  const active = pods.filter(isActive);
  const result = resultOf(job, ended, active, clock.now());
  if (result !== undefined) {
    for (const pod of active) deletePod(context, pod);
    report(context, job, ended, result);
    return undefined;
  }
  if (job.spec.suspend === true) {
    for (const pod of active) deletePod(context, pod);
    report(context, job, ended, { type: 'Suspended', status: 'True', reason: 'JobSuspended' });
    return undefined;
  }
  const wait =
    ended.failed.size === 0 || givesUpIndexes(job) ? 0 : ended.lastFailure + backoffOf(ended.failed.size) - clock.now();
  if (wait <= 0) await startPods(context, job, ended, active);
  report(context, job, ended);
  const { activeDeadlineSeconds: seconds } = job.spec;
  const start = Date.parse(job.status?.startTime ?? timestamp(clock.now()));
  const deadline = seconds === undefined ? undefined : start + seconds * 1000 - clock.now();
  const times = [deadline, wait > 0 ? wait : undefined].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times));
}

function label({ store }: ApiContext, job: Job): undefined {
  const { name, uid = '' } = job.metadata;
  const selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  const labels = { 'batch.kubernetes.io/job-name': name, 'job-name': name, ...selector.matchLabels };
  const { template } = job.spec;
  const metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } };
  store.update('jobs', { ...job, spec: { ...job.spec, selector, template: { ...template, metadata } } });
}

const backoffOf = (failures: number): number => Math.min(BACKOFF.initial * 2 ** (failures - 1), BACKOFF.max);

function count(ended: Ended, pod: WorkloadPod, now: number): void {
  const uid = pod.metadata.uid ?? '';
  const index = pod.metadata.annotations?.[INDEX_ANNOTATION];
  if (pod.status?.phase === 'Succeeded') {
    ended.succeeded.add(uid);
    if (index !== undefined) ended.indexes.add(Number(index));
  } else if (pod.status?.phase === 'Failed' && !ended.failed.has(uid)) {
    ended.failed.add(uid);
    if (index !== undefined) ended.failedIndexes.add(Number(index));
    ended.lastFailure = now;
  }
}

/** Whether a failed index is not retried (Kubernetes, "Backoff limit per index"). */
const givesUpIndexes = ({ spec }: Job): boolean => spec.backoffLimitPerIndex === 0;

const isIndexed = ({ spec }: Job): boolean => spec.completionMode === 'Indexed';

/** Returns the number of completions or completed indexes. */
const completed = (job: Job, ended: Ended): number => (isIndexed(job) ? ended.indexes.size : ended.succeeded.size);

/** Returns the Job's result, or undefined while it runs. */
function resultOf(job: Job, ended: Ended, active: readonly WorkloadPod[], now: number): Result | undefined {
  const { completions, backoffLimit = 6, activeDeadlineSeconds: seconds } = job.spec;
  const givenUp = givesUpIndexes(job) ? ended.failedIndexes.size : 0;
  if (givenUp > 0 && completed(job, ended) + givenUp >= (completions ?? 0))
    return { type: 'Failed', status: 'True', reason: 'FailedIndexes', message: 'Job has failed indexes' };
  const done =
    completions === undefined ? ended.succeeded.size > 0 && active.length === 0 : completed(job, ended) >= completions;
  if (done) return { type: 'Complete', status: 'True', reason: 'CompletionsReached' };
  const failed = (reason: string, message: string): Result => ({ type: 'Failed', status: 'True', reason, message });
  const restarts = active
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .reduce((all, { restartCount }) => all + restartCount, 0);
  if (!givesUpIndexes(job) && ended.failed.size + restarts > backoffLimit)
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const start = job.status?.startTime;
  if (seconds !== undefined && start && now >= Date.parse(start) + seconds * 1000)
    return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
  return undefined;
}

async function startPods(context: ApiContext, job: Job, ended: Ended, active: readonly WorkloadPod[]): Promise<void> {
  const { parallelism = 1, completions } = job.spec;
  // If completions is not set, no pods start after the first success.
  const left =
    completions === undefined
      ? ended.succeeded.size > 0
        ? 0
        : parallelism
      : completions - completed(job, ended) - (givesUpIndexes(job) ? ended.failedIndexes.size : 0);
  const wanted = Math.min(parallelism, left);
  for (const pod of active.slice(Math.max(0, wanted))) deletePod(context, pod);
  const taken = new Set(active.map((pod) => Number(pod.metadata.annotations?.[INDEX_ANNOTATION])));
  const free = Array.from({ length: completions ?? 0 }, (_, index) => index).filter(
    (index) =>
      !taken.has(index) && !ended.indexes.has(index) && !(givesUpIndexes(job) && ended.failedIndexes.has(index)),
  );
  for (let number = active.length; number < wanted; number += 1)
    await createPod(context, job, isIndexed(job) ? indexed(job, free.shift() ?? 0) : {});
}

/** Returns an indexed pod's name, annotation and variable (Kubernetes, "Completion mode"). */
function indexed(job: Job, index: number): Parameters<typeof createPod>[2] {
  const { containers, initContainers } = job.spec.template.spec ?? {};
  const name = `${job.metadata.name}-${index}`;
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.annotations['${INDEX_ANNOTATION}']` } },
  };
  const withIndex = (all: readonly Stored<V1Container>[] | undefined) =>
    all?.map((container) =>
      container.env?.some((containerVariable) => containerVariable.name === variable.name)
        ? container
        : { ...container, env: [...(container.env ?? []), variable] },
    );
  return {
    generateName: `${name}-`,
    labels: { [INDEX_ANNOTATION]: String(index) },
    annotations: { [INDEX_ANNOTATION]: String(index) },
    spec: {
      hostname: name,
      containers: withIndex(containers),
      ...(initContainers && { initContainers: withIndex(initContainers) }),
    },
  };
}

function report(context: ApiContext, job: Job, ended: Ended, result?: Result): void {
  const { store, clock } = context;
  const pods = podsOf(store, job).filter(isActive);
  const now = timestamp(clock.now());
  const over = result !== undefined && result.type !== 'Suspended';
  setStatus(store, 'jobs', job, {
    startTime: job.status?.startTime ?? now,
    active: over ? 0 : pods.length,
    ready: over ? 0 : pods.filter(isReady).length,
    succeeded: completed(job, ended),
    failed: ended.failed.size,
    ...(isIndexed(job) ? { completedIndexes: ranges(ended.indexes) } : {}),
    ...(givesUpIndexes(job) ? { failedIndexes: ranges(ended.failedIndexes) } : {}),
    ...(result?.type === 'Complete' ? { completionTime: now } : {}),
    ...(result === undefined ? {} : { conditions: [condition(job, result, clock)] }),
  });
}

/** Formats numbers as ranges: {0, 2, 3, 4} becomes `0,2-4`. */
function ranges(numbers: ReadonlySet<number>): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const starts = sorted.filter((number) => !numbers.has(number - 1));
  const ends = sorted.filter((number) => !numbers.has(number + 1));
  return starts
    .map((start, index) => (start === ends[index] ? `${start}` : `${start}-${ends[index] ?? start}`))
    .join(',');
}

/** Deletes a finished Job and its pods after `ttlSecondsAfterFinished`. */
function cleanUp({ store, clock }: ApiContext, job: Job, { lastTransitionTime }: Condition): number | undefined {
  const { ttlSecondsAfterFinished: seconds } = job.spec;
  if (seconds === undefined) return undefined;
  const left = Date.parse(lastTransitionTime ?? '') + seconds * 1000 - clock.now();
  if (left > 0) return left;
  store.remove('jobs', job.metadata.namespace, job.metadata.name);
  return undefined;
}
