import { counted } from '../../foundation/node/text.ts';
import { agentObstacle, needsAgentPod } from '../facts/agent.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { byPodIdentity, byWebIdentity, type PredictedIdentity } from '../facts/identity.ts';
import { credentialsOf } from '../facts/injection.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import { hasStaleCa, isWebhookMissing } from '../facts/missing-injection.ts';
import { gapOf } from '../facts/trust.ts';
import { exclusionsOf, identityWebhooks } from '../facts/webhooks.ts';
import type { Pod } from '../snapshot/kubernetes.ts';
import type { Admission } from './admit.ts';

/** A condition for the identity of a new pod. */
export interface WaitStep {
  readonly name: 'association' | 'annotation' | 'injection' | 'agent' | 'trust';
  readonly value: 'yes' | 'no' | 'unknown';
  readonly text: string;
}

export interface Account {
  readonly namespace: string;
  readonly serviceAccount: string;
}

const step = (name: WaitStep['name'], value: WaitStep['value'], text: string): WaitStep => ({ name, value, text });

/** Judges what a new pod of a service account needs for its role. An association wins over a role annotation. */
export function waitSteps(facts: ClusterFacts, subject: Account, admission: Admission): readonly WaitStep[] {
  const { namespace, serviceAccount } = subject;
  const { kubernetes, aws } = facts.snapshot;
  const association = facts.association(namespace, serviceAccount);
  const account = facts.serviceAccount(namespace, serviceAccount);
  const annotation = (account && roleAnnotation(account)) ?? '';
  if (association) {
    const { associationId, roleArn, targetRoleArn } = association;
    const text = `${associationId} gives role ${roleArn}${targetRoleArn === undefined ? '' : `, then ${targetRoleArn}`}`;
    return [
      step('association', 'yes', text),
      injectionStep(facts, admission, (pod) => credentialsIn(pod)?.podIdentity === true),
      agentStep(facts),
      trustStep(facts, byPodIdentity(facts, subject)),
    ];
  }
  const [right, list] =
    aws?.associations === undefined
      ? ['eks:ListPodIdentityAssociations', 'the associations']
      : kubernetes.serviceAccounts === undefined
        ? ['list serviceaccounts', 'the service accounts']
        : [];
  if (right !== undefined) {
    const gaps = facts.snapshot.gaps.filter((gap) => gap.object === undefined);
    const gap = gaps.find((one) => one.right === right) ?? gaps.find((one) => /^(eks|sts):/.test(one.right));
    const text = `${list} of the cluster could not be read (${gap ? `${gap.right}: ${gap.reason}` : 'it is not a cluster of EKS'})`;
    return [step('association', 'unknown', text), ...(Array.isArray(admission) ? [] : [refusedStep(admission)])];
  }
  if (annotation === '') {
    const text = `service account ${namespace}/${serviceAccount} has no association and no role annotation`;
    return [step('association', 'no', text), ...(Array.isArray(admission) ? [] : [refusedStep(admission)])];
  }
  const audience = account?.metadata.annotations?.['eks.amazonaws.com/audience'] ?? 'sts.amazonaws.com';
  return [
    step('annotation', 'yes', `it names role ${annotation}`),
    injectionStep(facts, admission, (pod) => credentialsIn(pod)?.webIdentityRole === annotation),
    trustStep(facts, byWebIdentity(facts, annotation, audience, subject)),
  ];
}

const credentialsIn = ({ containers: [container] }: Pod) => container && credentialsOf(container);

const refusedStep = (admission: Admission): WaitStep =>
  'value' in admission
    ? step('injection', admission.value, admission.text)
    : step('injection', 'yes', 'a pod would be admitted');

function injectionStep(facts: ClusterFacts, admission: Admission, isInjected: (pod: Pod) => boolean): WaitStep {
  if ('value' in admission) return refusedStep(admission);
  const injected = admission.filter(isInjected).length;
  const runs = `${injected} of ${counted(admission.length, 'pod')} of dry runs`;
  if (injected === admission.length) return step('injection', 'yes', `${runs} have the variables`);
  const [exclusion] = admission[0] ? exclusionsOf(facts, admission[0]) : [];
  const why = isWebhookMissing(facts)
    ? 'the Pod Identity webhook is not registered'
    : exclusion !== undefined
      ? `the ${exclusion.selector} of the webhook excludes the pod by label ${exclusion.key}`
      : identityWebhooks(facts).some((webhook) => hasStaleCa(facts, webhook))
        ? "the webhook's caBundle lacks the cluster's certificate authority"
        : 'the webhook may not know the service account yet';
  return step('injection', 'no', `${runs} have the variables: ${why}`);
}

/** Checks that each ready node that can run the agent has it, because a new pod may run on any of them. */
function agentStep(facts: ClusterFacts): WaitStep {
  const { kubernetes, gaps } = facts.snapshot;
  for (const [kind, list] of Object.entries({
    nodes: kubernetes.nodes,
    daemonsets: kubernetes.daemonSets,
    pods: kubernetes.pods,
  }))
    if (list === undefined) {
      const reason = gaps.find(({ right }) => right === `list ${kind}`)?.reason ?? 'not read';
      return step('agent', 'unknown', `list ${kind} is missing (${reason})`);
    }
  const ready = facts.nodes.filter((node) => node.ready);
  const needing = ready.filter((node) => needsAgentPod(facts, node));
  if (needing.length === 0 && (facts.isAutoMode || ready.some((node) => facts.computeOf(node) === 'auto')))
    return step('agent', 'yes', 'EKS Auto Mode has the agent built in');
  if (facts.agents.length === 0) return step('agent', 'no', 'DaemonSet eks-pod-identity-agent does not exist');
  if (ready.length === 0) return step('agent', 'no', 'no node is ready');
  if (needing.length === 0) return step('agent', 'no', 'no ready node supports Pod Identity');
  const usable = needing.filter((node) => agentObstacle(facts, node) === undefined);
  const names = usable.flatMap(({ metadata: { name } }) => (facts.agentPodOn(name)?.ready === true ? [] : [name]));
  if (names.length > 0) return step('agent', 'no', `it is missing or not ready on ${names.join(', ')}`);
  return usable.length === 0
    ? step('agent', 'no', `it cannot run on any ready node: it ${agentObstacle(facts, needing[0]!)?.reason} each`)
    : step('agent', 'yes', `it is ready on ${counted(usable.length, 'node')}`);
}

function trustStep(facts: ClusterFacts, { mechanism, roleArn, reason = '' }: PredictedIdentity): WaitStep {
  if (roleArn !== undefined) return step('trust', 'yes', `a new pod may get role ${roleArn}`);
  const [unread] = /arn:\S+(?= could not be read)/.exec(reason) ?? [];
  const why = unread === undefined ? '' : gapOf(facts, unread, '');
  return step('trust', mechanism === 'none' ? 'no' : 'unknown', why === '' ? reason : `${reason} (${why})`);
}
