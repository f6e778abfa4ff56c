import { commandLine } from '../../foundation/node/command-line.ts';
import { randomUUID } from 'node:crypto';
import { CreateRoleCommand, DeleteRoleCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { ignoreMissing } from '../../foundation/aws/missing.ts';
import { poll } from '../../foundation/node/poll.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { namePrefix, tagList } from '../../foundation/aws/tags.ts';
import { orAborted } from '../../foundation/node/aborted.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { awsFailure } from '../../aws/failure.ts';
import { isRootUser } from '../../aws/preflight.ts';
import type { Propagation } from './target.ts';
import type { AwsClients } from '../../aws/clients.ts';

export interface CanaryOptions {
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

/** What is answered while a role, or its new trust policy, is not known yet; IAM also to a change that follows another closely. */
const UNKNOWN_YET = {
  'iam:UpdateAssumeRolePolicy': /^(NoSuchEntity|ConcurrentModification)(Exception)?$/,
  'sts:AssumeRole': /^(AccessDenied|NoSuchEntity)(Exception)?$/,
} as const;

/** Least that STS gives (STS API Reference, "AssumeRole"): the session is not used. */
const SESSION_SECONDS = 900;

const DEFAULTS = { inARow: 3, boundSeconds: 60, pollMilliseconds: 1100 };

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
 *
 * `close` removes the canary from the account.
 */
export class IamCanary implements Propagation {
  readonly boundSeconds: number;
  readonly #options: CanaryOptions & typeof DEFAULTS;
  readonly #roleName: string;
  readonly #stop = new AbortController();
  /** Whether there is a canary; undefined before it is made. */
  #opening: Promise<boolean> | undefined;
  readonly #resources = new Resources();
  #last: Promise<void> = Promise.resolve();
  /** The change that has not started yet. */
  #next: Promise<void> | undefined;

  constructor(options: CanaryOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.boundSeconds = this.#options.boundSeconds;
    this.#roleName = `${namePrefix(options.run)}-canary`;
  }

  /** Makes the canary; the first `waitForIam` does so too. Gives whether there is one. */
  open(): Promise<boolean> {
    this.#opening ??= this.#create().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  waitForIam(signal: AbortSignal): Promise<void> {
    this.#next ??= this.#last = this.#changeAfter(this.#last);
    return orAborted(this.#next, signal);
  }

  /** Ends what waits, with `HarnessError` STOPPED, and deletes the canary. */
  async close(): Promise<void> {
    this.#stop.abort(new HarnessError('STOPPED', 'The run ended before changes of IAM had been seen to take effect.'));
    await this.#last.catch(() => undefined);
    await this.#opening?.catch(() => undefined);
    const [error] = (await this.#resources.remove()).values();
    if (error === undefined) return;
    if (awsFailure(error)?.code === 'CREDENTIALS_EXPIRED') throw error;
    throw new HarnessError(
      'LEFT_BEHIND',
      `The run could not remove role ${this.#roleName} (${error.name}: ${error.message}): \`${commandLine('sweep', '--cluster eks')}\` tries again.`,
      { cause: error },
    );
  }

  async #create(): Promise<boolean> {
    const { clients, tags, permissionsBoundary } = this.#options;
    const { Arn = '' } = await clients.sts.send(new GetCallerIdentityCommand({}));
    if (isRootUser(Arn)) return false;
    const RoleName = this.#roleName;
    const create = new CreateRoleCommand({
      RoleName,
      Description: 'Shows a conformance run when changes of IAM have taken effect. It may do nothing.',
      AssumeRolePolicyDocument: this.#trust(randomUUID()),
      Tags: tagList(tags),
      ...(permissionsBoundary !== undefined && { PermissionsBoundary: permissionsBoundary }),
    });
    await this.#resources.make({
      name: `role ${RoleName}`,
      lives: 'aws',
      make: () => clients.iam.send(create),
      // By an attempt whose answer was lost: the name is this run's alone.
      taken: ['EntityAlreadyExists', 'EntityAlreadyExistsException'],
      remove: () => ignoreMissing(() => clients.iam.send(new DeleteRoleCommand({ RoleName }))),
    });
    return true;
  }

  #trust(externalId: string): string {
    const Statement = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${this.#options.accountId}:root` },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': externalId } },
    };
    return JSON.stringify({ Version: '2012-10-17', Statement: [Statement] });
  }

  async #changeAfter(former: Promise<void>): Promise<void> {
    await former.catch(() => undefined);
    this.#next = undefined;
    try {
      await this.#change();
    } catch (error) {
      this.#stop.signal.throwIfAborted();
      throw error;
    }
  }

  async #change(): Promise<void> {
    if (!(await this.open())) return;
    const { clients, accountId, inARow } = this.#options;
    const RoleName = this.#roleName;
    const end = performance.now() + this.boundSeconds * 1000;
    const ExternalId = randomUUID();
    const update = new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: this.#trust(ExternalId) });
    const assume = new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${accountId}:role/${RoleName}`,
      RoleSessionName: 'canary',
      ExternalId,
      DurationSeconds: SESSION_SECONDS,
    });
    await this.#until('iam:UpdateAssumeRolePolicy', () => clients.iam.send(update), 1, end);
    await this.#until('sts:AssumeRole', () => clients.sts.send(assume), inARow, end);
  }

  /** Repeats a call while what it changes or asks for is not known yet, until it has succeeded so many `times` in a row. */
  async #until(what: keyof typeof UNKNOWN_YET, call: () => Promise<unknown>, times: number, end: number) {
    let successes = 0;
    const succeeded = async (): Promise<true | undefined> => {
      const before = successes;
      successes = 0;
      await call();
      successes = before + 1;
      return successes >= times || undefined;
    };
    await poll(succeeded, {
      every: this.#options.pollMilliseconds,
      within: end - performance.now(),
      signal: this.#stop.signal,
      tolerates: (error) => UNKNOWN_YET[what].test((error as Error).name),
      late: (error) => this.#late(what, error, successes),
    });
  }

  #late(what: string, error: unknown, successes: number): HarnessError {
    const { name, message } = (error ?? {}) as Partial<Error>;
    const answer = error === undefined ? `success ${successes} times in a row` : `${name} ("${message}")`;
    return new HarnessError(
      'FIXTURE_FAILED',
      `A change of the trust policy of role ${this.#roleName} had not taken effect after ${this.boundSeconds} s: ${what} still came to ${answer}; see that the harness may do so (docs/nightly.md), or try again when AWS is quicker.`,
    );
  }
}

/** Sees changes in each account by a canary of its own, which is made when changes there are waited for. */
export function propagationIn(canaries: {
  readonly main: IamCanary;
  readonly other?: IamCanary;
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
