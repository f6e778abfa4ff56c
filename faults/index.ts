import { AGENT_FAULTS, type AgentFault } from '../components/agent/options.ts';
import { WEBHOOK_FAULTS, type WebhookFault } from '../components/webhook/options.ts';
import { EMULATOR_FAULTS, type EmulatorFault } from '../emulator/core/faults.ts';

export type FaultName = EmulatorFault | AgentFault | WebhookFault;

/** A defect that can be put into a subject on purpose, to see that a suite notices it. */
export interface Fault {
  readonly name: FaultName;
  readonly subject: 'emulator' | 'agent' | 'webhook';
  /** What is wrong then, in a sentence. */
  readonly defect: string;
}

const DEFECTS: Readonly<Record<FaultName, string>> = {
  'eks-auth-ignores-audience': 'EKS Auth accepts tokens that were issued for another audience',
  'eks-auth-accepts-unbound-tokens': 'EKS Auth accepts tokens that are bound to no pod',
  'eks-auth-drops-session-tags': 'EKS Auth opens sessions without the six session tags',
  'sts-skips-web-identity-signature': "AssumeRoleWithWebIdentity does not check the token's signature",
  'iam-ignores-deny': 'policy evaluation ignores statements with Effect Deny',
  'iam-string-equals-ignores-case': 'StringEquals compares without regard to case',
  'iam-ignores-session-policy': 'policy evaluation ignores session policies',
  'agent-mixes-cached-credentials': "the agent answers a pod with another pod's cached credentials",
  'agent-skips-host-check': 'the agent answers requests that were sent to another address or name',
  'agent-caches-by-pod-name': "agent 0.2 keeps credentials by a pod's name, so that a new pod gets the old one's",
  'agent-trusts-cached-pods': 'agent 0.2 answers from its cache whoever names the pod, without checking the token',
  'webhook-forgets-init-containers': 'the webhook leaves init containers without credentials settings',
  'webhook-prefers-irsa': 'the webhook injects IRSA where the service account has an association too',
};

const named = (subject: Fault['subject'], names: readonly FaultName[]): Fault[] =>
  names.map((name) => ({ name, subject, defect: DEFECTS[name] }));

/** The catalogue of faults. */
export const FAULTS: readonly Fault[] = [
  ...named('emulator', EMULATOR_FAULTS),
  ...named('agent', AGENT_FAULTS),
  ...named('webhook', WEBHOOK_FAULTS),
];
