import { setTimeout as sleep } from 'node:timers/promises';
import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { isBroken, KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import type { EksAuthAnswer } from '../../aws/eks-auth.ts';
import { AWS_POLL_MILLISECONDS } from './iam.ts';
import { podToken } from './sessions.ts';
import { note, accountKey, clusterOf, type ScenarioWorld, type Workload } from '../scenario/world.ts';

/**
 * Errors that EKS Auth gives for what it knows of an association and of its role (EKS Auth API Reference,
 * AssumeRoleForPodIdentity). All others, a network's among them, say nothing about it.
 */
const TELLING = /^(ResourceNotFound|AccessDenied|InvalidToken|InvalidParameter|InvalidRequest)Exception$/;

/**
 * EKS Auth as pods of the service account ask it; undefined where the harness cannot ask it. A pod that was given a session
 * may be given that one again whatever changes: EKS Auth keeps it for the pod (Amazon EKS User Guide, "Access AWS resources
 * using EKS Pod Identity target IAM roles", on recreating pods). So none asks again after such an answer: another does.
 */
export async function eksAuthOf(world: ScenarioWorld, item: Workload) {
  const { aws } = world.environment;
  if (aws.askEksAuth === undefined) return undefined;
  const { cluster } = clusterOf(world, item.cluster);
  let check = await newCheck(world, item);
  if (check === undefined) return undefined;
  const ask = async (): Promise<EksAuthAnswer | undefined> => {
    check ??= await newCheck(world, item);
    if (check === undefined) return undefined;
    await awaitTurn(world, item);
    const answer = (await aws.askEksAuth?.(cluster.name, check.token)) ?? {};
    asked(world, item);
    throwOurs(answer);
    if (answer.roleArn !== undefined) {
      check.remove();
      check = undefined;
    }
    return answer;
  };
  /**
   * Asks until answers are as `isSo` says, `inARow` times, then gives undefined; when they are not before `end`, the last
   * answer. Undefined too where it cannot be asked any more, with a note.
   */
  const until = async (
    end: number,
    isSo: (answer: EksAuthAnswer) => boolean,
    inARow = 1,
  ): Promise<EksAuthAnswer | undefined> => {
    for (let count = 0; ;) {
      const answer = await ask();
      if (answer === undefined) return undefined;
      if (tells(answer)) count = isSo(answer) ? count + 1 : 0;
      if (count >= inARow) return undefined;
      if (performance.now() >= end) return answer;
    }
  };
  return {
    /** Asks until an answer tells something of the association, and gives it: after `end` any. */
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

/**
 * A pod that is never scheduled, and its token. Undefined, with a note, where the API server refuses one. One whose answer was
 * lost goes with its namespace, and another is made.
 */
async function newCheck(
  world: ScenarioWorld,
  item: Workload,
  isSecond = false,
): Promise<Awaited<ReturnType<typeof podToken>> | undefined> {
  try {
    return await podToken(world, item);
  } catch (error) {
    world.signal.throwIfAborted();
    if (!isSecond && isBroken(error)) return newCheck(world, item, true);
    if (!(error instanceof KubernetesError)) throw error;
    note(world, [item], `EKS Auth could not be asked, since there is no token of a pod (status ${error.status})`);
    return undefined;
  }
}

const tells = ({ roleArn, code = '' }: EksAuthAnswer): boolean => roleArn !== undefined || TELLING.test(code);

/**
 * Throws what is wrong with the harness' own credentials, which no wait changes: that they may not ask EKS Auth, or are not
 * accepted. A role that EKS may not assume is an AccessDeniedException too, and a pod's token that is over an
 * ExpiredTokenException, in other words.
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

/** Waits so that no account is asked about more often than once a second, by whichever watch. */
async function awaitTurn({ mayAskEksAuth, signal }: ScenarioWorld, item: Workload): Promise<void> {
  const account = accountKey(item);
  const now = performance.now();
  const at = Math.max(now, mayAskEksAuth.get(account) ?? 0);
  mayAskEksAuth.set(account, at + AWS_POLL_MILLISECONDS);
  if (at > now) await sleep(at - now, undefined, { signal });
}

/** Counts the pause from the answer: the question itself may have waited for its place among others. */
function asked({ mayAskEksAuth }: ScenarioWorld, item: Workload): void {
  const next = performance.now() + AWS_POLL_MILLISECONDS;
  mayAskEksAuth.set(accountKey(item), Math.max(mayAskEksAuth.get(accountKey(item)) ?? 0, next));
}
