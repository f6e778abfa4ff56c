import type { Report, PreflightStep } from '../../components/preflight/report.ts';
import { isSessionOf } from '../../foundation/aws/role-arn.ts';
import type { FollowedPod } from '../pod/follow.ts';
import type { FollowedHop } from '../pod/hops.ts';

/** The steps of preflight that belong to a hop seen from outside. The identity is compared as a whole. */
const HOP_OF: Partial<Record<PreflightStep['name'], string>> = {
  injection: 'injection',
  token: 'token',
  agent: 'agent',
  metadata: 'node role',
};
const STATES = { ok: 'ok', warning: 'WARN', failed: 'FAIL', unknown: 'unknown' } as const;

/** Adds the report of a Job, or the reason for a missing report. */
export function withInside(way: FollowedPod, report: Report | string): FollowedPod {
  if (typeof report === 'string') return { ...way, inside: { result: 'unknown', text: report } };
  const seen = new Map(
    report.steps.flatMap((step) => {
      const hop = HOP_OF[step.name];
      return hop === undefined ? [] : [[hop, { state: STATES[step.result], text: step.text }] as const];
    }),
  );
  const hops = way.hops.map((hop): FollowedHop => ({
    ...hop,
    ...(seen.has(hop.name) && { inside: seen.get(hop.name)! }),
  }));
  const further = [...seen].filter(([name]) => !hops.some((hop) => hop.name === name));
  return {
    ...way,
    hops: [
      ...hops,
      ...further.map(([name, inside]) => ({ name, state: 'unknown' as const, text: 'Not seen.', inside })),
    ],
    inside: { ...conclusion(way, report), report },
  };
}

function conclusion({ identity: { mechanism, roleArn }, hops }: FollowedPod, { identity, steps, verdict }: Report) {
  const failed = steps.find(({ result, name }) => name === 'identity' && result === 'failed')?.text;
  const who = identity ?? `no AWS identity (${failed ?? 'no answer in time'})`;
  const isSame = identity === null ? mechanism === 'none' : roleArn !== undefined && isSessionOf(identity, roleArn);
  const broken = identity === null ? undefined : hops.find(({ state }) => state === 'FAIL');
  const but = broken ? `, but this pod fails at hop ${broken.name}` : '';
  if (mechanism === 'unknown' || verdict === 'unknown' || (!isSame && broken))
    return { result: verdict, text: `A new pod has ${who}${but}.` };
  return isSame
    ? { result: verdict, text: `A new pod has ${who}, as expected from outside.` }
    : {
        result: 'failed' as const,
        text: `A new pod has ${who}, but this pod has ${roleArn ?? mechanism} as seen from outside.`,
      };
}
