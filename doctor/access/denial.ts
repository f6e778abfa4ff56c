import { requestProblem } from '../../identity/policy/actions.ts';
import type { DenialMessage } from '../../identity/policy/denial-message.ts';
import { accountOf, roleNameOf } from '../../identity/role.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { answerOf, askersOf, type AccessAnswer } from './answer.ts';

/** What AWS's message about a denied request means, and what a cluster's policies say about the request now. */
export interface DenialReport extends DenialMessage {
  readonly sentences: readonly string[];
  /** The answers of the service accounts with the caller's role. Undefined without a cluster. */
  readonly answers?: readonly AccessAnswer[];
  /** Whether the message names a kind of policy that answers leave out. */
  readonly isLeftOut?: boolean;
}

/** Where to look, by the kind of policy in the message (IAM User Guide, "Troubleshoot access denied error messages"). */
const PLACES: Readonly<Record<string, string>> = {
  'identity-based policy': 'the policies of the role',
  'resource-based policy': 'the policy of the resource, or of its KMS key',
  'session policy': 'the session policy of the association, or of AssumeRole. Policies of the role cannot help',
  'permissions boundary': "the role's permissions boundary. Policies of the role cannot help",
  'service control policy': 'the SCPs of the organization. Policies of the account cannot help',
  'resource control policy': "the RCPs of the resource's organization. Policies of the account cannot help",
  'VPC endpoint policy': 'the policy of the VPC endpoint that the request passes',
  'role trust policy': 'the trust policy of the role to assume',
};

/** A message without a reason does not say whether a Deny applies. */
const REASONS = {
  'explicit deny': 'A Deny statement decides. ',
  'no allow': 'An Allow statement is missing. ',
  none: '',
} as const;

/** Explains a message, and asks the cluster's policies about its request. */
export function explainDenial(message: DenialMessage, facts?: ClusterFacts): DenialReport {
  const { action, resource, policy, reason } = message;
  const place = policy === undefined ? undefined : (PLACES[policy] ?? policy);
  const sentences = [
    ...callerSentences(message),
    ...(place === undefined ? unnamed(message) : [`${REASONS[reason ?? 'none']}See ${place}.`]),
  ];
  if (facts === undefined) return { ...message, sentences };
  const role = roleOf(message);
  const target = resource ?? '*';
  if (action === undefined || role === undefined) {
    const why = `The message names no ${action === undefined ? 'action' : 'role'}, so the cluster cannot be asked.`;
    return { ...message, sentences: [...sentences, why], answers: [] };
  }
  const problem = requestProblem(action, target);
  if (problem !== undefined) return { ...message, sentences: [...sentences, problem], answers: [] };
  if (resource === undefined)
    sentences.push(
      "The message names no resource, so all of the role's account and the cluster's region are asked about.",
    );
  const answers = askersOf(facts)
    .map((asker) => answerOf(facts, asker, { action, resource: target }))
    .filter(({ roles }) => roles.some((arn) => accountOf(arn) === role.account && roleNameOf(arn) === role.name));
  const isLeftOut = /control policy|VPC endpoint/.test(policy ?? '');
  const outcome =
    answers.length === 0
      ? `No service account of cluster ${facts.snapshot.context} has role ${role.name} of account ${role.account}.`
      : isLeftOut
        ? policy?.startsWith('VPC')
          ? 'The answer below includes only VPC endpoints of the cluster, not others that the request may pass.'
          : `The answer below leaves out each ${policy}, because none is read.`
        : answers.every(({ value }) => value === 'allowed')
          ? 'The policies allow it now, so they have changed since, or a policy that is not read decides.'
          : undefined;
  return { ...message, sentences: [...sentences, ...(outcome === undefined ? [] : [outcome])], answers, isLeftOut };
}

/** Returns the role of the caller's session. */
function roleOf({ caller = '' }: DenialMessage): { readonly account: string; readonly name: string } | undefined {
  const [, account, name] = /^arn:[^:]+:sts::(\d{12}):assumed-role\/([^/]+)/.exec(caller) ?? [];
  return account === undefined || name === undefined ? undefined : { account, name };
}

/** Says whose session it was, by its name (behaviour of EKS Auth, EC2 and the SDKs). */
function callerSentences(message: DenialMessage): readonly string[] {
  const { caller } = message;
  const role = roleOf(message);
  if (caller === undefined) return [];
  if (role === undefined) return [`The caller is ${caller}.`];
  const session = roleNameOf(caller);
  const [, cluster, pod] = /^eks-(.{1,10})-(.{1,10})-[\da-f-]{8,36}$/.exec(session) ?? [];
  const kind = /^i-[\da-f]{8,17}$/.test(session)
    ? `the EC2 instance ${session}. If a pod made the request, it used the role of its node, not its own`
    : cluster === undefined || pod === undefined
      ? `session ${session}`
      : `EKS Pod Identity: a pod whose name begins with "${pod}", in a cluster whose name begins with "${cluster}"`;
  return [`The caller had role ${role.name} of account ${role.account}, by ${kind}.`];
}

/** Says why a message may name no policy. */
function unnamed({ caller, action, resource = '' }: DenialMessage): readonly string[] {
  if (action === undefined)
    return [
      'The message names no action. If it has an encoded message, decode it with `aws sts decode-authorization-message`, and explain the result.',
    ];
  const owner = accountOf(resource);
  if (owner !== '' && caller !== undefined && owner !== accountOf(caller))
    return [
      `The resource is in account ${owner}. AWS does not name the policy to callers of another account: both accounts must allow it.`,
    ];
  if (/^sts:assumerole/i.test(action))
    return [
      'STS does not name the policy: see the trust policy of the role to assume, and the policies of the caller.',
    ];
  return ['The message does not name the policy.'];
}
