import { setTimeout as sleep } from 'node:timers/promises';
import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { isBroken, KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import type { EksAuthAnswer } from '../../aws/eks-auth.ts';
import { AWS_POLL_MILLISECONDS } from './iam.ts';
import { podToken } from './sessions.ts';
import { note, accountKey, clusterOf, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';

/** Errors of EKS Auth about an association or its role (EKS Auth API Reference, AssumeRoleForPodIdentity). */
const TELLING = /^(ResourceNotFound|AccessDenied|InvalidToken|InvalidParameter|InvalidRequest)Exception$/;

/**
 * Calls EKS Auth like a pod of the service account; undefined if the harness cannot. Each pod serves for one session,
 * because EKS Auth caches it (Amazon EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles").
 */
export async function eksAuthOf(context: ScenarioContext, item: Workload) {
  const { aws } = context.environment;
  if (aws.askEksAuth === undefined) return undefined;
  const { cluster } = clusterOf(context, item.cluster);
  let check = await newCheck(context, item);
  if (check === undefined) return undefined;
  const ask = async (): Promise<EksAuthAnswer | undefined> => {
    check ??= await newCheck(context, item);
    if (check === undefined) return undefined;
    await awaitTurn(context, item);
    const answer = (await aws.askEksAuth?.(cluster.name, check.token)) ?? {};
    recordQuestion(context, item);
    throwOurs(answer);
    if (answer.roleArn !== undefined) {
      check.remove();
      check = undefined;
    }
    return answer;
  };
  /**
   * Calls until `inARow` consecutive answers satisfy `satisfies`, then returns undefined. Returns the last answer after
   * `end`, or undefined with a note if it can no longer call.
   */
  const until = async (
    end: number,
    satisfies: (answer: EksAuthAnswer) => boolean,
    inARow = 1,
  ): Promise<EksAuthAnswer | undefined> => {
    for (let count = 0; ;) {
      const answer = await ask();
      if (answer === undefined) return undefined;
      if (tells(answer)) count = satisfies(answer) ? count + 1 : 0;
      if (count >= inARow) return undefined;
      if (performance.now() >= end) return answer;
    }
  };
  return {
    /** Returns the first answer about the association, or any answer after `end`. */
    first: async (end: number): Promise<EksAuthAnswer> => {
      let last: EksAuthAnswer = {};
      const given = await until(end, (answer) => {
        last = answer;
        return true;
      });
      return given ?? last;
    },
    until,
    close: (): void => check?.remove(),
  };
}

/** Creates a pod that is never scheduled, and its token. Undefined, with a note, if the API server refuses. */
async function newCheck(
  context: ScenarioContext,
  item: Workload,
  isSecond = false,
): Promise<Awaited<ReturnType<typeof podToken>> | undefined> {
  try {
    return await podToken(context, item);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isSecond && isBroken(error)) return newCheck(context, item, true);
    if (!(error instanceof KubernetesError)) throw error;
    note(context, [item], `EKS Auth was not called, because the pod has no token (status ${error.status})`);
    return undefined;
  }
}

const tells = ({ roleArn, code = '' }: EksAuthAnswer): boolean => roleArn !== undefined || TELLING.test(code);

/**
 * Throws errors of the harness's own credentials, because waiting does not help. A role that does not trust EKS
 * (AccessDenied) and a pod's expired token have the same codes with other messages.
 */
function throwOurs({ code = '', message = '' }: EksAuthAnswer): void {
  const error = Object.assign(new Error(message), { name: code });
  const kind = awsProblem(error)?.kind;
  if (
    (/^AccessDenied/.test(code) && /is not authorized to perform: eks-auth:/.test(message)) ||
    (kind === 'expired-credentials' && /security token/i.test(message)) ||
    kind === 'bad-credentials' ||
    kind === 'clock'
  )
    throw error;
}

/** Limits calls for a service account to one a second, across watches. */
async function awaitTurn({ mayAskEksAuth, signal }: ScenarioContext, item: Workload): Promise<void> {
  const account = accountKey(item);
  const now = performance.now();
  const at = Math.max(now, mayAskEksAuth.get(account) ?? 0);
  mayAskEksAuth.set(account, at + AWS_POLL_MILLISECONDS);
  if (at > now) await sleep(at - now, undefined, { signal });
}

function recordQuestion({ mayAskEksAuth }: ScenarioContext, item: Workload): void {
  const next = performance.now() + AWS_POLL_MILLISECONDS;
  mayAskEksAuth.set(accountKey(item), Math.max(mayAskEksAuth.get(accountKey(item)) ?? 0, next));
}
