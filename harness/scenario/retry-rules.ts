/** When another attempt at an operation may have another result, due to AWS's eventual consistency. */
import { isMissing } from '../../foundation/aws/missing.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { Expectation } from './spec.ts';

type Expected = Pick<Expectation, 'outcome' | 'status'>;

const BAD_REQUEST = 400;

/** It only reads, maybe from a host that does not know of a change yet. */
export const whenRead = ({ status }: ProbeResult, expectation: Expected): boolean =>
  status !== BAD_REQUEST && expectation.status !== BAD_REQUEST;

/** It changes a new resource: a refusal had no effect, as EKS did not know it everywhere. */
export function whenChanged({ outcome, code, message }: ProbeResult, expectation: Expected): boolean {
  const error = Object.assign(new Error(message), { name: code });
  return (
    outcome === 'refused' && expectation.outcome === 'granted' && (isMissing(error) || isAssociationTooSoon(error))
  );
}

/** It makes an association: EKS may not know of a role, a deletion, or the session of a new creator yet. */
export const whenMade = ({ outcome }: ProbeResult): boolean => outcome === 'refused';

/**
 * EKS refuses an association whose role or trust policy is too new, or that follows a deletion for the same service
 * account closely (Amazon EKS API Reference, CreatePodIdentityAssociation).
 */
export const isAssociationTooSoon = ({ name, message }: Error): boolean =>
  name === 'ResourceInUseException' || (name === 'InvalidParameterException' && /role/i.test(message));
