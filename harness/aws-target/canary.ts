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
  readonly clients: Pick<AwsClients, 'iam' | 'sts'>;
  readonly run: string;
  readonly accountId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly permissionsBoundary?: string | undefined;
  /** Consecutive successes of STS that prove a change. Default 3, because AWS has many hosts; 1 suits a single process. */
  readonly inARow?: number;
  /** Longest time from a change to its effect. Default 60. */
  readonly boundSeconds?: number;
  /** Default, and minimum for AWS: 1100, because calls may arrive closer together than they were sent. */
  readonly pollMilliseconds?: number;
}

/** Errors while a role or its new trust policy is not yet known. IAM also rejects a change right after another. */
const UNKNOWN_YET = {
  'iam:UpdateAssumeRolePolicy': /^(NoSuchEntity|ConcurrentModification)(Exception)?$/,
  'sts:AssumeRole': /^(AccessDenied|NoSuchEntity)(Exception)?$/,
} as const;

/** Minimum of STS (STS API Reference, "AssumeRole"). The session is not used. */
const SESSION_SECONDS = 900;
const DEFAULTS = { inARow: 3, boundSeconds: 60, pollMilliseconds: 1100 };

/**
 * Uses a canary role to detect when IAM changes take effect, which is later than IAM's answer (IAM User Guide,
 * "Troubleshooting IAM", "Changes that I make are not always immediately visible"). The role's trust policy requires an
 * external id. `waitForIam` changes this id after the changes to wait for, until STS opens sessions with the new one. Then the
 * earlier changes count as effective too. AWS does not promise this order, so probes are also repeated for `boundSeconds`.
 * Concurrent calls of `waitForIam` share the next change of the canary. The root user cannot assume roles (STS API Reference,
 * "AssumeRole"), so its waits return at once. `close` deletes the canary.
 */
export class IamCanary implements Propagation {
  readonly boundSeconds: number;
  readonly #options: CanaryOptions & typeof DEFAULTS;
  readonly #roleName: string;
  readonly #stop = new AbortController();
  #opening: Promise<boolean> | undefined;
  readonly #resources = new Resources();
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(options: CanaryOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.boundSeconds = this.#options.boundSeconds;
    this.#roleName = `${namePrefix(options.run)}-canary`;
  }

  /** Creates the canary, like the first `waitForIam`. Returns false for the root user. */
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

  /** Ends pending waits with `HarnessError` STOPPED, and deletes the canary. */
  async close(): Promise<void> {
    this.#stop.abort(new HarnessError('STOPPED', 'The run ended while it waited for IAM changes to take effect.'));
    await this.#last.catch(() => undefined);
    await this.#opening?.catch(() => undefined);
    const [error] = (await this.#resources.remove()).values();
    if (error === undefined) return;
    if (awsFailure(error)?.code === 'CREDENTIALS_EXPIRED') throw error;
    throw new HarnessError(
      'LEFT_BEHIND',
      `The run could not remove role ${this.#roleName} (${error.name}: ${error.message}). Retry with \`${commandLine('sweep', '--cluster eks')}\`.`,
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
      // An earlier attempt created it, but its answer was lost. The name belongs to this run.
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

  /** Repeats a call until it succeeds `times` times in a row. */
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
    const answer = error === undefined ? `only ${successes} successes in a row` : `${name} ("${message}")`;
    return new HarnessError(
      'FIXTURE_FAILED',
      `The new trust policy of role ${this.#roleName} did not take effect within ${this.boundSeconds} s. ${what} got ${answer}. Check that the harness may call it (docs/nightly.md), or retry later.`,
    );
  }
}

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
