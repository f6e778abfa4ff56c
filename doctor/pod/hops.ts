import type { HopName } from '../checks/check.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { credentialsOf, hasPodIdentity, hasWebIdentity } from '../facts/injection.ts';
import { annotatedAccounts, foreignDemand, roleAnnotation } from '../facts/irsa.ts';
import type { Pod } from '../snapshot/kubernetes.ts';

/** One step on the way of a pod to its credentials. */
export interface FollowedHop {
  readonly name: string;
  readonly state: 'ok' | 'FAIL' | 'WARN' | 'unknown';
  readonly text: string;
}

export interface FoundPod {
  readonly facts: ClusterFacts;
  readonly pod: Pod;
}

interface Seen {
  readonly text: string;
  /** True: the snapshot shows it even if a check of the hop was not made. Undefined: only the checks show it. */
  readonly isKnown?: boolean;
}

interface Hop {
  readonly name: HopName;
  /** Describes the hop if no check finds a problem. Returns undefined if it is not on the pod's way. */
  readonly describe: (facts: ClusterFacts, pod: Pod) => Seen | undefined;
}

/** The precision of creation times in Kubernetes, in milliseconds. */
const SECOND = 1000;

const seen = (text: string, isKnown = true): Seen => ({ text, isKnown });
/** Returns the role that the pod's service account names; undefined without an annotation. */
export function annotationOf(facts: ClusterFacts, pod: Pod): string | undefined {
  const account = facts.serviceAccountOf(pod);
  return account && roleAnnotation(account);
}
const usesPodIdentity = (facts: ClusterFacts, pod: Pod): boolean =>
  facts.associationOf(pod) !== undefined || hasPodIdentity(pod);
const usesWebIdentity = (facts: ClusterFacts, pod: Pod): boolean =>
  annotationOf(facts, pod) !== undefined || hasWebIdentity(pod);

const demandOf = (facts: ClusterFacts, pod: Pod): string => {
  const one = annotatedAccounts(facts).find(({ account }) => account === facts.serviceAccountOf(pod));
  const demand = one && foreignDemand(facts, one);
  return demand === undefined ? '' : ` ${demand}`;
};

/** The way of a pod to its credentials. */
export const HOPS: readonly Hop[] = [
  {
    name: 'agent',
    describe: (facts, pod) => {
      if (!usesPodIdentity(facts, pod)) return undefined;
      const node = facts.node(pod.nodeName);
      if (node && facts.computeOf(node) === 'auto') return seen('EKS Auto Mode has the agent built in.');
      const agent = pod.nodeName === undefined ? undefined : facts.agentPodOn(pod.nodeName);
      return agent === undefined
        ? seen('No pod of the agent was read.', false)
        : seen(`${agent.metadata.name} is ${agent.ready ? '' : 'not '}ready on node ${pod.nodeName}.`, agent.ready);
    },
  },
  {
    name: 'association',
    describe: (facts, pod) => {
      const association = facts.associationOf(pod);
      if (association === undefined)
        return usesPodIdentity(facts, pod) || annotationOf(facts, pod) === undefined
          ? seen(`Service account ${pod.serviceAccountName} has none.`, facts.snapshot.aws?.associations !== undefined)
          : undefined;
      const { associationId, roleArn, targetRoleArn, createdAt = '' } = association;
      const age = Date.parse(createdAt) - Date.parse(pod.metadata.creationTimestamp ?? '');
      const than = age > SECOND ? ', younger than the pod' : age < 0 ? ', older than the pod' : '';
      return seen(
        `${associationId}: role ${roleArn}${targetRoleArn === undefined ? '' : `, then ${targetRoleArn}`}${than}.`,
      );
    },
  },
  {
    name: 'annotation',
    describe: (facts, pod) => {
      const arn = annotationOf(facts, pod);
      if (facts.snapshot.kubernetes.serviceAccounts === undefined)
        return seen(`Service account ${pod.serviceAccountName} was not read.`, false);
      return arn === undefined ? undefined : seen(`eks.amazonaws.com/role-arn: ${arn}.`);
    },
  },
  {
    name: 'injection',
    describe: (_facts, pod) => {
      const containerCredentials = pod.containers.map(credentialsOf);
      const texts = containerCredentials.map(
        ({ container, podIdentity, webIdentityRole, preferred }) =>
          `${container} has ${[...(podIdentity ? ['Pod Identity'] : []), ...(webIdentityRole === undefined ? [] : ['IRSA']), ...preferred].join(', ') || 'no variables'}`,
      );
      return seen(`${texts.join('; ')}.`);
    },
  },
  {
    name: 'token',
    describe: (_facts, pod) => {
      const volumes = pod.tokenVolumes.filter(({ audience }) => audience?.includes('amazonaws.com') === true);
      const texts = volumes.map(
        ({ volume, audience, expirationSeconds }) =>
          `volume ${volume} for ${audience}${expirationSeconds === undefined ? '' : `, ${expirationSeconds} s`}`,
      );
      return volumes.length === 0 ? undefined : seen(`${texts.join('; ')}.`);
    },
  },
  {
    name: 'provider',
    describe: (facts, pod) =>
      usesWebIdentity(facts, pod)
        ? seen(`${facts.provider?.arn ?? 'None was read'}.`, facts.provider !== undefined)
        : undefined,
  },
  {
    name: 'trust',
    describe: (facts, pod) => {
      // A running pod keeps the role of its variables.
      const injected = pod.containers.map((one) => credentialsOf(one).webIdentityRole).find(Boolean);
      const arn = facts.associationOf(pod)?.roleArn ?? injected ?? annotationOf(facts, pod);
      if (arn === undefined) return undefined;
      const subject = `${pod.metadata.namespace}/${pod.serviceAccountName}`;
      return facts.role(arn)
        ? seen(`The trust policy allows ${subject}.`)
        : seen(`The trust policy of ${arn} was not read.${demandOf(facts, pod)}`, false);
    },
  },
  {
    name: 'target role',
    describe: (facts, pod) => {
      const target = facts.associationOf(pod)?.targetRoleArn;
      return target === undefined ? undefined : { text: `${target} can be assumed.` };
    },
  },
  {
    name: 'network',
    describe: () => ({ text: 'No proxy or network policy is in the way.' }),
  },
  {
    name: 'node role',
    describe: (facts, pod) => {
      const node = facts.node(pod.nodeName);
      const instance = node && facts.instanceOf(node);
      const text =
        instance === undefined
          ? 'The metadata options of its instance were not read.'
          : `IMDS hop limit ${instance.hopLimit ?? 'unknown'}, tokens ${instance.httpTokens ?? 'unknown'}.`;
      return { text };
    },
  },
];
