import type { AccessRequest } from '../../doctor/access/access.ts';
import type { ProbeOutcome, ScenarioResult } from '../../harness/results/results.ts';
import type { ObservedPod } from './observed-pods.ts';

/** A request of a pod to S3, and what S3 answered. */
export interface S3Request {
  readonly request: AccessRequest;
  readonly operation: string;
  readonly observed: NonNullable<ProbeOutcome['observed']>;
}

const ACTIONS: Readonly<Record<string, string>> = {
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  GetObjectTagging: 's3:GetObjectTagging',
  PutObject: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
  HeadBucket: 's3:ListBucket',
};

/** Returns the number of the first step that a pod performs after its start. */
export function firstStep({ scenario, workload, name, done }: ObservedPod): number {
  const starts = [...scenario.spec.probes.entries()].filter(
    ([, step]) =>
      step.kind === 'action' &&
      'workload' in step &&
      step.workload === workload &&
      /^(?:Start|Restart)Pod$/.test(step.do),
  );
  const ordinal = Number(/-(\d+)$/.exec(name)?.[1]) - (scenario.spec.workloads?.[workload]?.starts === 'later' ? 0 : 1);
  return Math.max(done, (starts[ordinal - 1]?.[0] ?? -1) + 1);
}

/** Returns the requests with the pod's own identity until a step may change something. */
export function s3Requests(pod: ObservedPod, result?: ScenarioResult): readonly S3Request[] {
  const requests: S3Request[] = [];
  const from = firstStep(pod);
  for (const [number, step] of pod.scenario.spec.probes.entries()) {
    if (number < from) continue;
    if (step.kind === 'action') break;
    const probe = result?.probes.find((one) => one.number === number);
    const request = requestOf(pod, step.operation as Operation);
    const isAnswered = probe?.observed && probe.verdict === 'passed' && probe.observed.outcome !== 'absent';
    if (step.workload !== pod.workload || request === undefined || !isAnswered) continue;
    requests.push({ request, operation: probe.operation, observed: probe.observed! });
  }
  return requests;
}

interface Operation {
  readonly do: string;
  readonly at?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly tags?: object;
  readonly through?: object;
}

function requestOf({ names, scenario }: ObservedPod, operation: Operation): AccessRequest | undefined {
  const action = ACTIONS[operation.do];
  // Tags of a new object need a second action.
  if (action === undefined || operation.through !== undefined || operation.tags !== undefined) return undefined;
  if (operation.at === undefined) {
    const conditions = { 's3:prefix': names.expand(operation.prefix ?? ''), 's3:delimiter': '', 's3:max-keys': '' };
    return { action, resource: `arn:aws:s3:::${names.bucket(operation.bucket ?? '')}`, conditions };
  }
  const { bucket, key } = names.place(operation.at);
  const stored = (scenario.spec.objects ?? []).find((one) => typeof one === 'object' && one.at === operation.at);
  const tags = typeof stored === 'object' ? stored.tags : {};
  const conditions = Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [`s3:ExistingObjectTag/${names.expand(name)}`, names.expand(value)]),
  );
  return { action, resource: `arn:aws:s3:::${bucket}/${key}`, conditions };
}
