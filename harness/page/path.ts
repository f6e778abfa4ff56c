import type { ProbeOutcome, ReceivedCall } from '../results/results.ts';
import { duration } from './words.ts';

export interface Hop {
  readonly name: string;
  /** `unknown`: it is not known whether the request reached it. */
  readonly state: 'passed' | 'stopped' | 'not reached' | 'unknown';
  readonly details: readonly string[];
}

/** Display names of layers. */
const NAMES: Readonly<Record<string, string>> = {
  injection: 'Injection',
  network: 'Network',
  agent: 'Agent',
  'eks-auth': 'EKS Auth',
  sts: 'STS',
  s3: 'S3',
  eks: 'EKS',
  iam: 'IAM',
  kubernetes: 'Kubernetes',
  webhook: 'Webhook',
};

const POD_IDENTITY = ['injection', 'agent', 'eks-auth', 'sts', 's3'];
const WEB_IDENTITY = ['injection', 'sts', 's3'];

/**
 * Returns the path of a probe's request, with the layer that stopped it. A pod uses injection and then the agent and EKS Auth,
 * or STS with a web identity. The harness calls services directly.
 */
export function pathOf(probe: ProbeOutcome, calls: readonly ReceivedCall[]): readonly Hop[] {
  const { observed, workload } = probe;
  if (observed === null) return [];
  const layers = workload === null ? ofHarness(probe, calls) : ofPod(probe, calls);
  const { outcome, layer } = observed;
  // Access to an absent object was allowed, so no layer stopped the request.
  const stop = outcome === 'granted' || outcome === 'absent' || layer === undefined ? -1 : layers.indexOf(layer);
  const hops = layers.map((name, index): Hop => {
    const ownCalls = calls.filter(({ service }) => service === name);
    const isUnknown = outcome === 'error' && stop === -1;
    const state = isUnknown
      ? 'unknown'
      : stop === -1 || index < stop
        ? 'passed'
        : index === stop
          ? 'stopped'
          : 'not reached';
    const shown = index === stop || (index === layers.length - 1 && layer === name) ? observed : undefined;
    return { name: NAMES[name] ?? name, state, details: detailsOf(ownCalls, shown) };
  });
  return [{ name: workload === null ? 'Harness' : 'Pod', state: 'passed', details: [workload ?? ''] }, ...hops];
}

function detailsOf(calls: readonly ReceivedCall[], observed: ProbeOutcome['observed'] | undefined): readonly string[] {
  const { code, status } = observed ?? {};
  const operations = calls.map(({ operation, milliseconds }) => `${operation} ${duration(milliseconds)}`);
  // The agent's code only repeats its status.
  const answer = [status, code === String(status) ? undefined : code].filter((part) => part !== undefined).join(' ');
  return [...operations, answer].filter(Boolean);
}

function ofPod({ operation, observed }: ProbeOutcome, calls: readonly ReceivedCall[]): readonly string[] {
  const whole = kindOf(operation, observed, calls);
  const end = targetOf(operation, observed, calls);
  const layers = end === undefined ? whole : whole.slice(0, whole.lastIndexOf(end) + 1);
  const { layer } = observed ?? {};
  return layer === undefined || layers.includes(layer) ? layers : [...layers, layer];
}

/** Returns the layers of a pod's credentials. An unknown kind counts as Pod Identity if it stopped there. */
function kindOf(
  operation: string,
  observed: ProbeOutcome['observed'],
  calls: readonly ReceivedCall[],
): readonly string[] {
  const called = (name: string): boolean => calls.some((call) => call.operation === name);
  if (called('AssumeRoleForPodIdentity')) return POD_IDENTITY;
  if (called('AssumeRoleWithWebIdentity') || operation.startsWith('AssumeRoleWithWebIdentity')) return WEB_IDENTITY;
  const isOfAgent = observed?.layer === 'agent' || observed?.layer === 'eks-auth';
  // EKS Auth's session names (EKS User Guide, "How EKS Pod Identity works").
  if (isOfAgent || /\/eks-[^/]+$/.test(observed?.identity?.arn ?? '')) return POD_IDENTITY;
  return calls.length > 0 || observed?.layer === 'injection' ? WEB_IDENTITY : [];
}

function targetOf(
  operation: string,
  observed: ProbeOutcome['observed'],
  calls: readonly ReceivedCall[],
): string | undefined {
  const [name = ''] = operation.split(' ');
  if (name === 'FetchCredentials') return calls.some(({ service }) => service === 'eks-auth') ? 'eks-auth' : 'agent';
  if (/^(GetCallerIdentity|AssumeRole|Authorize)/.test(name)) return 'sts';
  if (/(Object|Bucket)/.test(name)) return 's3';
  return observed?.layer ?? calls.at(-1)?.service;
}

/** Returns the called services in order, and the layer that stopped the request. */
function ofHarness({ observed }: ProbeOutcome, calls: readonly ReceivedCall[]): readonly string[] {
  const layers = new Set(calls.map(({ service }) => service));
  if (observed?.layer !== undefined) layers.add(observed.layer);
  return [...layers];
}
