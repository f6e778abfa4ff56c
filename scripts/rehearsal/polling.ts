import type { CallRecord } from '../../emulator/index.ts';

/** Operations that are polled while waiting for a state. */
const POLLED = /^(Describe(Cluster|Addon|Nodegroup|PodIdentityAssociation)|AssumeRoleForPodIdentity)$/;

interface FastPoll {
  readonly operation: string;
  readonly resource: string;
  readonly milliseconds: number;
}

/** Finds six consecutive calls on a resource whose average interval is below `least` milliseconds. Fewer may be unrelated. */
export function fastPolls(calls: readonly CallRecord[], caller: string, least = 1000): readonly FastPoll[] {
  const times = new Map<string, number[]>();
  for (const call of calls) {
    if (call.caller !== caller || !POLLED.test(call.operation)) continue;
    const key = `${call.operation} ${subjectOf(call)}`;
    times.set(key, [...(times.get(key) ?? []), call.time]);
  }
  const fastPolls: FastPoll[] = [];
  for (const [key, at] of times) {
    for (let index = 5; index < at.length; index += 1) {
      // Timers may fire a millisecond early.
      const milliseconds = ((at[index] ?? 0) - (at[index - 5] ?? 0)) / 5;
      if (milliseconds < least - 5) {
        const [operation = '', ...resource] = key.split(' ');
        fastPolls.push({ operation, resource: resource.join(' '), milliseconds });
      }
    }
  }
  return fastPolls;
}

/** Returns what a call polls. Calls of AssumeRoleForPodIdentity differ by the pod's token, which only notes contain. */
function subjectOf(call: CallRecord): string {
  const resource = call.authorizations[0]?.resource ?? '';
  return call.operation === 'AssumeRoleForPodIdentity' ? `${resource} ${call.notes.join(' ')}` : resource;
}
