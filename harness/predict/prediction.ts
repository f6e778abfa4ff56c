import { isDeepStrictEqual } from 'node:util';
import { bucketOf, placeOf } from '../scenario/parts.ts';
import type { Operation, ProbeStep, Scenario, ScenarioSpec, Step, WorkloadSpec } from '../scenario/spec.ts';
import { decide, type AttemptAnswer, type Assumption, type Attempt, type Call, type OnObject } from './attempt.ts';
import { grantOf } from './grant.ts';
import { sceneOf } from './scene.ts';

/**
 * Predicts the results of a scenario's probes from its policies, without a run. Leaves out probes after a
 * step, and those that depend on more than roles, policies and tags.
 */
export function predictionsOf(scenario: Scenario): ReadonlyMap<Step, AttemptAnswer> {
  const predictions = new Map<Step, AttemptAnswer>();
  const { spec } = scenario;
  if (UNKNOWN_BEFORE_A_RUN.test(JSON.stringify(spec))) return predictions;
  const scene = sceneOf(scenario);
  for (const step of spec.probes) {
    if (step.kind === 'action') break;
    const attempt = attemptOf(spec, step);
    const answer = attempt && decide(scene, attempt);
    // Session policies are compiled by then.
    if (answer !== undefined && scene.isComplete() && !answer.isTooLarge) predictions.set(step, answer);
    if (/^(put|delete)/i.test(step.operation.do)) break;
  }
  return predictions;
}

/** Names of pods, sessions and associations, and keys of the pod's network, program and region. */
const UNKNOWN_BEFORE_A_RUN =
  /kubernetes-pod-|aws:userid|RoleSessionName|assumed-role\/|<(pod|pod-uid|association-(id|arn)):|aws:(SourceIp|UserAgent|referer|RequestedRegion)/i;

/** Members of a workload that decide its credentials, and members without any effect. */
const KNOWN =
  /^(cluster|namespace|serviceAccount|role|irsa|serviceAccountAnnotations|context|starts|associationFirst|runAsUser)$/;

function attemptOf(spec: ScenarioSpec, { workload: name, operation }: ProbeStep): Attempt | undefined {
  const workload = spec.workloads?.[name ?? ''];
  const grant = workload && grantOf(workload);
  const isPlain = workload && Object.keys(workload).every((member) => KNOWN.test(member)) && hasOneGrant(workload);
  const call = callOf(spec, operation);
  const { through } = operation as { readonly through?: object };
  const assumption = through && assumptionOf(through);
  if (
    !grant ||
    !isPlain ||
    !call ||
    (call.do === 'credentials' && grant.role === undefined) ||
    (through !== undefined && !assumption)
  )
    return undefined;
  return { workload: grant, call, ...(assumption && { through: assumption }) };
}

const hasOneGrant = ({ role, irsa, serviceAccountAnnotations = {} }: WorkloadSpec): boolean =>
  (role === undefined) !== (irsa === undefined) &&
  Object.keys(serviceAccountAnnotations).every((key) => key === 'audience');

interface OperationMembers {
  readonly at?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly role?: object;
}

const S3_CALLS: Readonly<Record<string, OnObject>> = {
  ...{ GetObject: 'getObject', PutObject: 'putObject', DeleteObject: 'deleteObject' },
  GetObjectTagging: 'getObjectTagging',
};

function callOf({ objects = [], buckets = {} }: ScenarioSpec, operation: Operation): Call | undefined {
  const { do: name, through: _through, ...members } = operation as Operation & Record<string, unknown>;
  const { at = '', bucket = '', prefix, role } = members as OperationMembers;
  const has = (...known: string[]): boolean => Object.keys(members).every((member) => known.includes(member));
  if (name === 'FetchCredentials')
    return isDeepStrictEqual(members, { token: { from: 'pod-identity' } }) ? { do: 'credentials' } : undefined;
  if (name === 'AssumeRole') {
    const step = role && has('role') ? assumptionOf(role) : undefined;
    return step && { do: 'assumeRole', step };
  }
  const isThere = (one: string): boolean =>
    one in buckets || objects.some((object) => bucketOf(placeOf(object)) === one);
  if (name === 'ListObjectsV2')
    return has('bucket', 'prefix') && isThere(bucket)
      ? { do: 'listObjects', bucket, ...(prefix && { prefix }) }
      : undefined;
  const call = S3_CALLS[name];
  if (call === undefined || !has('at', 'tags', 'encryption', 'kmsKey') || !isThere(bucketOf(at))) return undefined;
  // Only callers that may list the bucket learn whether an object is missing.
  if (call.startsWith('get') && !objects.some((object) => placeOf(object) === at)) return undefined;
  return { ...members, do: call, at };
}

function assumptionOf(step: object): Assumption | undefined {
  const { roleArn, externalId, tags, ...others } = step as Partial<Assumption> & { readonly roleArn?: string };
  const [, role] = /^<role:(.+)>$/.exec(roleArn ?? '') ?? [];
  if (role === undefined || Object.keys(others).length > 0) return undefined;
  return { role, ...(externalId && { externalId }), ...(tags && { tags }) };
}

/** Whether a prediction agrees with the probe's expectation. */
export const agrees = ({ expectation }: ProbeStep, { refusal }: AttemptAnswer): boolean =>
  (refusal?.outcome ?? 'granted') === expectation.outcome;
