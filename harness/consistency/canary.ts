import { commandLine } from '../../foundation/command-line.ts';
import { randomUUID } from 'node:crypto';
import { CreateRoleCommand, DeleteRoleCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { ignoreMissing } from '../../foundation/missing.ts';
import { poll } from '../../foundation/poll.ts';
import { isRefused } from '../../foundation/refused.ts';
import { namePrefix, tagList } from '../../foundation/tags.ts';
import { orAborted } from '../../foundation/aborted.ts';
import { HarnessError } from '../../foundation/errors.ts';
import { awsFailure } from '../aws/failure.ts';
import type { AwsClients, Propagation } from '../aws/target.ts';

export interface IamPropagationOptions {
  /** The harness' own, in the account. */
  readonly clients: Pick<AwsClients, 'iam' | 'sts'>;
  readonly run: string;
  readonly accountId: string;
  /** Tags of all that the run makes. */
  readonly tags: Readonly<Record<string, string>>;
  /** ARN of the managed policy that bounds the run's roles. */
  readonly permissionsBoundary?: string | undefined;
  /**
   * How many times in a row STS must be seen to know of a change. Default 3, for AWS: many hosts answer, and one that knows
   * does not mean that all do. 1 is enough for an endpoint that is a single process.
   */
  readonly inARow?: number;
  /** Longest time from a change to its effect. Default 60. */
  readonly boundSeconds?: number;
  /** Default, and least for AWS: 1100, since calls may arrive closer to each other than they were made. */
  readonly pollMilliseconds?: number;
}

/** A `Propagation` with something in the account that must be removed: `close` does. */
export interface IamPropagation extends Propagation {
  /** Makes the canary; the first `waitForIam` does so too. */
  open(): Promise<void>;
  /** Ends what waits, with `HarnessError` STOPPED, and deletes the canary. */
  close(): Promise<void>;
}

/** What STS answers while it does not know of a role or of its new trust policy. */
const UNKNOWN_TO_STS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'NoSuchEntity',
  'NoSuchEntityException',
]);
/** What IAM itself answers to a change that follows another closely. */
const UNKNOWN_TO_IAM: ReadonlySet<string> = new Set([
  'NoSuchEntity',
  'NoSuchEntityException',
  'ConcurrentModification',
  'ConcurrentModificationException',
]);

/** Least that STS gives (STS API Reference, "AssumeRole"): the session is not used. */
const SESSION_SECONDS = 900;

/**
 * Finds out by a canary when changes of IAM have taken effect. A change that IAM has answered is not in force everywhere at
 * once (IAM User Guide, "Troubleshooting IAM", "Changes that I make are not always immediately visible"), and no call tells
 * whether it is. So the run has one role of its own whose trust policy asks for an external id: it is changed to a new one
 * after the changes that are waited for, and when STS opens sessions with that one, the changes before it are taken to be in
 * force too. AWS does not promise such an order: probes are repeated for `boundSeconds` besides.
 *
 * One change of the canary is under way at a time, and calls of `waitForIam` join the next that starts after them: a hundred
 * scenarios side by side share one wait. Codes other than those that propagation explains are thrown as they come.
 *
 * The root user of an account cannot assume roles (STS API Reference, "AssumeRole"): where the harness acts as one, nothing
 * can be seen from outside, no canary is made, and `waitForIam` resolves at once.
 */
export function iamPropagation(options: IamPropagationOptions): IamPropagation {
  const { clients, run, accountId, inARow = 3, boundSeconds = 60, pollMilliseconds = 1100 } = options;
  const { iam, sts } = clients;
  const RoleName = `${namePrefix(run)}-canary`;
  const RoleArn = `arn:aws:iam::${accountId}:role/${RoleName}`;
  const closing = new AbortController();
  /** Whether there is a canary; undefined before it is made. */
  let opening: Promise<boolean> | undefined;
  /** Whether IAM was asked to make it: it may have, though no answer says so. */
  let asked = false;
  let last: Promise<void> = Promise.resolve();
  /** The change that has not started yet. */
  let next: Promise<void> | undefined;

  const trust = (externalId: string): string =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${accountId}:root` },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': externalId } },
        },
      ],
    });

  async function create(): Promise<boolean> {
    const { Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    if (Arn.endsWith(':root')) return false;
    const before = asked;
    asked = true;
    try {
      await iam.send(
        new CreateRoleCommand({
          RoleName,
          Description: 'Shows a conformance run when changes of IAM have taken effect. It may do nothing.',
          AssumeRolePolicyDocument: trust(randomUUID()),
          Tags: tagList(options.tags),
          ...(options.permissionsBoundary !== undefined && { PermissionsBoundary: options.permissionsBoundary }),
        }),
      );
    } catch (error) {
      // A retry after an answer that was lost: the name is this run's alone.
      if (/^EntityAlreadyExists/.test((error as Error).name)) return true;
      if (isRefused(error)) asked = before;
      throw error;
    }
    return true;
  }

  function opened(): Promise<boolean> {
    opening ??= create().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }

  /** Repeats a call while it is answered with one of the codes, until it has succeeded so many `times` in a row. */
  async function until(
    what: string,
    call: () => Promise<unknown>,
    codes: ReadonlySet<string>,
    times: number,
    end: number,
  ): Promise<void> {
    let successes = 0;
    await poll(
      async () => {
        const before = successes;
        successes = 0;
        await call();
        successes = before + 1;
        return successes >= times || undefined;
      },
      {
        every: pollMilliseconds,
        within: end - performance.now(),
        signal: closing.signal,
        tolerates: (error) => codes.has((error as Error).name),
        late: (error) => {
          const { name, message } = (error ?? {}) as Partial<Error>;
          const answer = error === undefined ? `success ${successes} times in a row` : `${name} ("${message}")`;
          return new HarnessError(
            'FIXTURE_FAILED',
            `A change of the trust policy of role ${RoleName} had not taken effect after ${boundSeconds} s: ${what} still came to ${answer}; see that the harness may do so (docs/nightly.md), or try again when AWS is quicker.`,
          );
        },
      },
    );
  }

  async function change(): Promise<void> {
    if (!(await opened())) return;
    const end = performance.now() + boundSeconds * 1000;
    const ExternalId = randomUUID();
    const update = new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust(ExternalId) });
    const assume = new AssumeRoleCommand({
      RoleArn,
      RoleSessionName: 'canary',
      ExternalId,
      DurationSeconds: SESSION_SECONDS,
    });
    await until('iam:UpdateAssumeRolePolicy', () => iam.send(update), UNKNOWN_TO_IAM, 1, end);
    await until('sts:AssumeRole', () => sts.send(assume), UNKNOWN_TO_STS, inARow, end);
  }

  return {
    boundSeconds,
    open: async () => void (await opened()),
    waitForIam: (signal) => {
      if (next === undefined) {
        next = last
          .catch(() => undefined)
          .then(() => {
            next = undefined;
            return change();
          })
          .catch((error: unknown) => {
            throw closing.signal.aborted ? (closing.signal.reason as Error) : error;
          });
        // Also when nobody waits for it any more.
        next.catch(() => undefined);
        last = next;
      }
      return orAborted(next, signal);
    },
    close: async () => {
      closing.abort(new HarnessError('STOPPED', 'The run ended before changes of IAM had been seen to take effect.'));
      await last.catch(() => undefined);
      await opening?.catch(() => undefined);
      if (!asked) return;
      await ignoreMissing(() => iam.send(new DeleteRoleCommand({ RoleName }))).catch((error: Error) => {
        if (awsFailure(error)?.code === 'CREDENTIALS_EXPIRED') throw error;
        throw new HarnessError(
          'LEFT_BEHIND',
          `The run could not remove role ${RoleName} (${error.name}: ${error.message}): \`${commandLine('sweep', '--cluster eks')}\` tries again.`,
          { cause: error },
        );
      });
      asked = false;
    },
  };
}

/** Sees changes in each account by a canary of its own, which is made when changes there are waited for. */
export function propagationIn(canaries: {
  readonly main: IamPropagation;
  readonly other?: IamPropagation;
}): Propagation & { close(): Promise<void> } {
  return {
    boundSeconds: canaries.main.boundSeconds,
    waitForIam: async (signal, accounts = new Set(['main'])) => {
      await Promise.all([...accounts].map(async (account) => canaries[account]?.waitForIam(signal)));
    },
    close: async () => {
      const closed = await Promise.allSettled(Object.values(canaries).map((canary) => canary.close()));
      const [first, ...others] = closed.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
      if (first === undefined) return;
      if (others.length === 0) throw first;
      const message = [first, ...others].map((error) => error.message).join(' ');
      throw new HarnessError('LEFT_BEHIND', message, { cause: first });
    },
  };
}
