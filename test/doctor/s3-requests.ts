import type { AccessRequest } from '../../doctor/access/access.ts';
import type { ProbeOutcome, ScenarioResult } from '../../harness/results/results.ts';
import type { ObservedPod } from './observed-pods.ts';

/** A request of a pod to S3 or STS, and what it answered. */
export interface ObservedRequest {
  /** Several if an operation needs several rights. */
  readonly requests: readonly AccessRequest[];
  /** The ARN of a role that the pod assumes for it. */
  readonly through?: string;
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

interface Operation {
  readonly do: string;
  readonly at?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly through?: { readonly roleArn: string };
  readonly role?: { readonly roleArn: string };
}

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

/** Returns the requests of a pod until a step may change something. */
export function observedRequests(pod: ObservedPod, result?: ScenarioResult): readonly ObservedRequest[] {
  const found: ObservedRequest[] = [];
  const from = firstStep(pod);
  for (const [number, step] of pod.scenario.spec.probes.entries()) {
    if (number < from) continue;
    if (step.kind === 'action') break;
    const operation = step.operation as Operation;
    const requests = step.workload === pod.workload ? requestsOf(pod, operation) : [];
    const probe = result?.probes.find((one) => one.number === number);
    if (requests.length === 0 || !probe?.observed || probe.verdict !== 'passed') continue;
    const { observed } = probe;
    if (observed.outcome === 'absent') continue;
    const through = operation.through && { through: pod.names.expand(operation.through.roleArn) };
    found.push({ requests, operation: probe.operation, observed, ...through });
  }
  return found;
}

function requestsOf(pod: ObservedPod, operation: Operation): readonly AccessRequest[] {
  const { names } = pod;
  const { do: name, through, role, at, bucket = '', prefix = '', tags } = operation;
  // `can` reads the key of a bucket, not that of an object.
  if (pod.scenario.spec.keys !== undefined) return [];
  // Session tags and policies of other roles are not asked about.
  if ([through, role].some((step) => step !== undefined && Object.keys(step).length > 1)) return [];
  if (name === 'AssumeRole' && role) return [{ action: 'sts:AssumeRole', resource: names.expand(role.roleArn) }];
  const action = ACTIONS[name];
  if (action === undefined) return [];
  if (at === undefined) {
    const conditions = { 's3:prefix': names.expand(prefix), 's3:delimiter': '', 's3:max-keys': '' };
    return [{ action, resource: `arn:aws:s3:::${names.bucket(bucket)}`, conditions }];
  }
  const place = names.place(at);
  const resource = `arn:aws:s3:::${place.bucket}/${place.key}`;
  const stored = (pod.scenario.spec.objects ?? []).find((one) => typeof one === 'object' && one.at === at);
  const conditions = {
    ...named(pod, 's3:ExistingObjectTag/', (typeof stored === 'object' ? stored.tags : undefined) ?? {}),
    ...named(pod, 's3:RequestObjectTag/', tags ?? {}),
    ...(tags === undefined && { 's3:RequestObjectTagKeys': '' }),
  };
  const tagging = tags === undefined ? [] : [{ action: 's3:PutObjectTagging', resource, conditions }];
  return [{ action, resource, conditions }, ...tagging];
}

/** Returns the condition keys of tags. Others with the prefix are absent. */
const named = (
  { names }: ObservedPod,
  prefix: string,
  tags: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  [prefix]: '',
  ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [prefix + names.expand(key), names.expand(value)])),
});
