/** When another try of a harness' own operation may come to another result, as AWS puts changes in force later. */
import { isMissing } from '../../foundation/aws/missing.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { Expectation } from './spec.ts';

type Expected = Pick<Expectation, 'outcome' | 'status'>;

const BAD_REQUEST = 400;

/** It only looks, at what AWS may not have told the cluster or another of its hosts yet. */
export const whenRead = ({ status }: ProbeResult, expectation: Expected): boolean =>
  status !== BAD_REQUEST && expectation.status !== BAD_REQUEST;

/** It changes what was made a moment before: what was refused was not done, as EKS has not heard of it everywhere. */
export function whenChanged({ outcome, code, message }: ProbeResult, expectation: Expected): boolean {
  const error = Object.assign(new Error(message), { name: code });
  return (
    outcome === 'refused' && expectation.outcome === 'granted' && (isMissing(error) || isAssociationTooSoon(error))
  );
}

/** It makes an association: EKS may not have heard of a role, of a deletion, or of the session of a new creator. */
export const whenMade = ({ outcome }: ProbeResult): boolean => outcome === 'refused';

/**
 * EKS refuses an association whose role it does not know of yet, or not with its present trust policy, and one that follows
 * the deletion of another of the same service account closely (Amazon EKS API Reference, CreatePodIdentityAssociation).
 */
export const isAssociationTooSoon = ({ name, message }: Error): boolean =>
  name === 'ResourceInUseException' || (name === 'InvalidParameterException' && /role/i.test(message));
