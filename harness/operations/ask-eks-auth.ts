/** Calls EKS Auth like an agent, for a pod that never runs, to see answers that an agent hides. */
import { cluster, opt, text } from '../scenario/form.ts';
import { change, where } from './forms.ts';
import type { ProbeResult, TokenChange } from '../../foundation/protocols/probe-protocol.ts';
import { changeToken } from '../../components/probe/tokens.ts';
import { roleOfSession } from '../../foundation/aws/role-arn.ts';
import type { EksAuthResponse, PodSession } from '../../aws/eks-auth.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { heldSession, podToken, webSession, type WebSession } from '../world/sessions.ts';
import { clusterOf, workload, type ScenarioContext } from '../scenario/scenario-context.ts';
import type { Facts } from '../world/admission.ts';
import { defineHarnessOperation } from '../scenario/operation-registry.ts';

interface Question {
  /** One of the scenario's `tokens`. Default: a new one, bound to a pod of the workload that never runs. */
  readonly token?: string;
  /** Audience of the new token. Default `pods.eks.amazonaws.com`. */
  readonly audience?: string;
  readonly change?: TokenChange;
  /** A text to send instead of a token. */
  readonly text?: string;
  /** Default: the workload's cluster. */
  readonly cluster?: ClusterAlias;
  /** Another cluster name to send, such as `<cluster:c1>-absent`. */
  readonly clusterName?: string;
  /** Role that calls instead of a node, assumed with a token of the scenario. Default: the administrator. */
  readonly as?: WebSession;
}

interface AskEksAuth extends Question {
  readonly workload: string;
}

/** Calls AssumeRoleForPodIdentity for a pod of the workload. Keeps the session for `asSession` and `signedRequest`. */
export const askEksAuth = defineHarnessOperation(
  'AssumeRoleForPodIdentity',
  (workload: string, question: Question = {}): AskEksAuth => ({ workload, ...question }),
  {
    form: {
      ...where,
      workload: text,
      token: opt(text),
      audience: opt(text),
      change,
      text: opt(text),
      cluster: opt(cluster),
    },
    refersTo: ({ workload: name, token, cluster, as }) => ({
      workloads: [name],
      tokens: [token, as?.token],
      roles: [as?.role],
      clusters: [cluster],
    }),
    needs: ({ as }) => (as === undefined ? ['pod-identity'] : ['pod-identity', 'irsa']),
    describe: ({ workload: name, token, text, audience, change, cluster, clusterName, as }, say) => [
      `for a pod of ${name}`,
      token === undefined ? '' : `with the token ${token}`,
      audience === undefined ? '' : `audience ${audience}`,
      text === undefined ? '' : 'with a text in the place of a token',
      change === undefined ? '' : `changed: ${change}`,
      cluster === undefined ? '' : `of ${cluster}`,
      clusterName === undefined ? '' : `in cluster ${say.text(clusterName)}`,
      as === undefined ? '' : `as role ${as.role}`,
    ],
    mayDiffer: () => true,
    perform: (context, operation) => openPodSession(context, operation),
  },
);

/** Calls EKS Auth. Throws if EKS Auth fails or does not answer. */
export async function openPodSession(context: ScenarioContext, question: AskEksAuth): Promise<ProbeResult> {
  const { aws } = context.environment;
  const item = workload(context, question.workload);
  const { token, change, audience } = question;
  const named = token === undefined ? undefined : (context.tokens.get(token) ?? '');
  const text = question.text ?? named ?? (await podToken(context, item, audience)).token;
  const { name } = clusterOf(context, question.cluster ?? item.cluster).cluster;
  const asker = question.as && (await webSession(context, question.as));
  if (asker !== undefined && 'outcome' in asker) return asker;
  const { session, ...answer } = await aws.openPodSession(
    question.clusterName ?? name,
    await changeToken(text, change),
    asker?.credentials,
  );
  if (session === undefined) return refusalOf(answer);
  context.sessions.set(question.workload, heldSession(context, session.credentials));
  return { outcome: 'granted', status: 200, facts: factsOf(session), ...requestOf(answer) };
}

const requestOf = ({ requestId }: EksAuthResponse): Pick<ProbeResult, 'requestId'> =>
  requestId === undefined ? {} : { requestId };

function refusalOf(answer: EksAuthResponse): ProbeResult {
  const { status, code = 'Unknown', message = '' } = answer;
  if (status === undefined || status >= 500 || status === 429)
    throw Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: status } });
  return { outcome: 'refused', layer: 'eks-auth', code, status, message, ...requestOf(answer) };
}

function factsOf({ arn, expiration, credentials: _credentials, ...details }: PodSession): Facts {
  const [, , , , accountId = '', resource = ''] = arn.split(':');
  return {
    ...details,
    accountId,
    roleArn: roleOfSession(arn) ?? '',
    sessionName: resource.split('/').at(-1) ?? '',
    secondsLeft: Math.round(expiration - Date.now() / 1000),
  };
}
