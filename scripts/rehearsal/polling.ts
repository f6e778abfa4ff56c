import type { CallRecord } from '../../emulator/index.ts';

/** Operations that are asked again until something has come to be. */
const POLLED = /^(Describe(Cluster|Addon|Nodegroup|PodIdentityAssociation)|AssumeRoleForPodIdentity)$/;

export interface FastPoll {
  readonly operation: string;
  readonly resource: string;
  readonly milliseconds: number;
}

/**
 * Looks that followed each other on the same resource sooner than `least` milliseconds, by the job's own credentials. Looks
 * of different purposes may, such as scenarios that describe a cluster: so only runs of more than five count as polling.
 */
export function fastPolls(calls: readonly CallRecord[], caller: string, least = 1000): readonly FastPoll[] {
  const times = new Map<string, number[]>();
  for (const call of calls) {
    if (call.caller !== caller || !POLLED.test(call.operation)) continue;
    const key = `${call.operation} ${subjectOf(call)}`;
    times.set(key, [...(times.get(key) ?? []), call.time]);
  }
  const found: FastPoll[] = [];
  for (const [key, at] of times) {
    for (let index = 5; index < at.length; index += 1) {
      // The clock of the record is in whole milliseconds, and timers may fire one early.
      const milliseconds = ((at[index] ?? 0) - (at[index - 5] ?? 0)) / 5;
      if (milliseconds < least - 5) {
        const [operation = '', ...resource] = key.split(' ');
        found.push({ operation, resource: resource.join(' '), milliseconds });
      }
    }
  }
  return found;
}

/** What a call is about. A pod's token is named in the notes alone. */
function subjectOf(call: CallRecord): string {
  const resource = call.authorizations[0]?.resource ?? '';
  return call.operation === 'AssumeRoleForPodIdentity' ? `${resource} ${call.notes.join(' ')}` : resource;
}
