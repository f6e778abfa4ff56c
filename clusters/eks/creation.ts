import { ClusterError, type ClusterErrorCode } from '../../foundation/cluster-error.ts';
import { retry } from '../../foundation/poll.ts';
import type { EksContext } from './context.ts';
import { deleteFromEks, type EksResource, type Stated } from './deletion.ts';
import { healthOf, isNamed } from './errors.ts';
import { clusterTitle, placed } from './teardown.ts';
import { awaitDone, pausesOf, type Seen } from './wait.ts';

/** Makes something of EKS by a call, which is tried again while EKS does not know a role that the call names. */
export const makeInEks = <A>(
  resource: EksResource,
  context: EksContext,
  create: () => Promise<A>,
  { tolerates = isUnknownRole, within = context.timing.role } = {},
): Promise<A | undefined> =>
  context.resources.make({
    ...placed(resource.title === clusterTitle(context.name) ? 'the cluster' : 'of the cluster', context.name),
    name: resource.title,
    remove: () => deleteFromEks(resource, context),
    make: () => retry(create, { tolerates, ...pausesOf(context.timing), within, signal: context.signal }),
  });

/** When something of EKS counts as failed, with which code, and what to do when it takes too long. */
export interface Activation {
  readonly code: ClusterErrorCode;
  readonly failed: (status: string) => boolean;
  readonly advice?: string;
}

/** Waits until something of EKS is ACTIVE. Throws `ClusterError` with the health issue that EKS tells. */
export function awaitActive<T extends Stated>(
  resource: EksResource<T>,
  made: T | undefined,
  { code, failed, advice = '' }: Activation,
  { readyMilliseconds, timing, deadline, signal, progress }: EksContext,
): Promise<T> {
  const { title } = resource;
  const seenOf = (seen: T | undefined): Seen<T> => {
    const { status = 'unknown', health } = seen ?? {};
    if (seen !== undefined && status === 'ACTIVE') return { done: seen };
    const why = healthOf(health);
    if (failed(status)) throw notActive(code, title, status, why);
    return { status, why };
  };
  return awaitDone({
    what: title,
    before: seenOf(made),
    look: async (abortSignal) => seenOf(await resource.describe(abortSignal)),
    deadline,
    late: (status, why) => {
      const reason = why === undefined ? '' : ` (${why.replace(/\.$/, '')})`;
      const late = `was not ACTIVE within ${readyMilliseconds / 1000} s (--ready-timeout): it is ${status}${reason}`;
      return new ClusterError(code, `${capitalized(title)} ${late}${advice}.`);
    },
    ...{ timing, signal, progress },
  });
}

export const notActive = (
  code: ClusterErrorCode,
  title: string,
  status: string,
  why = 'EKS tells no reason',
): ClusterError => new ClusterError(code, `${capitalized(title)} is ${status}: ${why}.`);

const capitalized = (title: string): string => title.charAt(0).toUpperCase() + title.slice(1);

/**
 * EKS does not see a new role at once, or not its trust policy; nor a service-linked one, which the first call of an account
 * makes (Amazon EKS API Reference, ResourcePropagationDelayException).
 */
export function isUnknownRole(error: unknown): boolean {
  if (isNamed(error, 'ResourcePropagationDelay')) return true;
  return (
    (isNamed(error, 'InvalidParameter') || isNamed(error, 'InvalidRequest')) &&
    error instanceof Error &&
    /role/i.test(error.message) &&
    /not exist|could not be assumed|not found|cannot be found|trust|attached/i.test(error.message)
  );
}
