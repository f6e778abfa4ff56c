import { containersOf } from '../facts/injection.ts';
import { identityOf, type PredictedIdentity } from '../facts/identity.ts';
import type { FollowedHop, FoundPod } from './hops.ts';

/** The identity of one container of a pod. */
export interface ContainerIdentity extends PredictedIdentity {
  readonly container: string;
  readonly isInit: boolean;
}

/** Hops that the prediction from variables, agent and policies does not include. */
const FURTHER_HOPS: Partial<Record<PredictedIdentity['mechanism'], readonly string[]>> = {
  'pod-identity': ['network', 'node role'],
  'web-identity': ['network'],
};

/** Predicts the identity of each container, init containers last. A role is unknown if a hop to it is unknown, or if the network may be in the way. */
export function identitiesAlong({ facts, pod }: FoundPod, hops: readonly FollowedHop[]): readonly ContainerIdentity[] {
  return containersOf(pod)
    .map((one): ContainerIdentity => ({
      container: one.name,
      isInit: pod.initContainers.includes(one),
      ...along(identityOf(facts, pod, one), hops),
    }))
    .sort((a, b) => Number(a.isInit) - Number(b.isInit));
}

function along(identity: PredictedIdentity, hops: readonly FollowedHop[]): PredictedIdentity {
  const further = FURTHER_HOPS[identity.mechanism];
  if (further === undefined || identity.roleArn === undefined) return identity;
  const because = (mechanism: 'none' | 'unknown', { name, text }: FollowedHop): PredictedIdentity => ({
    mechanism,
    reason: `${name}: ${text.replace(/\.$/, '')}`,
  });
  const failed = hops.find(({ name, state }) => state === 'FAIL' && further.includes(name));
  if (failed) return because('none', failed);
  const unknown = hops.find(({ name, state }) => state === 'unknown' || (state === 'WARN' && further.includes(name)));
  return unknown ? because('unknown', unknown) : identity;
}

const nameOf = ({ container, isInit }: ContainerIdentity): string => `${isInit ? 'init ' : ''}container ${container}`;

const textOf = ({ roleArn, mechanism, reason }: PredictedIdentity): string =>
  roleArn ?? (reason === undefined ? mechanism : `${mechanism} (${reason})`);

/** Returns a line for the pod, or for each container if they differ. */
export const identityLines = (identities: readonly ContainerIdentity[]): readonly string[] =>
  new Set(identities.map(textOf)).size === 1
    ? identities.slice(0, 1).map((one) => `Identity: ${textOf(one)}`)
    : identities.map((one) => `Identity of ${nameOf(one)}: ${textOf(one)}`);

/** Returns a hop for containers whose own variables or mounts keep them from the role, if no other hop shows it. */
export function identityHop(
  identities: readonly ContainerIdentity[],
  hops: readonly FollowedHop[],
  isMeant: (container: string) => boolean,
): readonly FollowedHop[] {
  const broken = identities.filter(({ mechanism, container }) => mechanism === 'none' && isMeant(container));
  const unclear = identities.filter(({ mechanism }) => mechanism === 'unknown');
  const hop = (state: 'FAIL' | 'unknown', some: readonly ContainerIdentity[]): readonly FollowedHop[] =>
    some.length === 0 || hops.some((one) => one.state === state)
      ? []
      : [{ name: 'identity', state, text: `${some.map((one) => `${nameOf(one)}: ${one.reason}`).join('; ')}.` }];
  return [...hop('FAIL', broken), ...hop('unknown', unclear)].slice(0, 1);
}
