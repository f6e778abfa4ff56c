/** Whether another attempt of an operation may have another result, because AWS is eventually consistent. */
import { isMissing } from '../../foundation/aws/missing.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { Expectation } from './spec.ts';

type Expected = Pick<Expectation, 'outcome' | 'status'>;

const BAD_REQUEST = 400;

/** Retries a read, which may come from a host that does not know a change yet. */
export const whenRead = ({ status }: ProbeResult, expectation: Expected): boolean =>
  status !== BAD_REQUEST && expectation.status !== BAD_REQUEST;

/** Retries a change of a new resource. A refusal had no effect, because not all of EKS knew the resource. */
export function whenChanged({ outcome, code, message }: ProbeResult, expectation: Expected): boolean {
  const error = Object.assign(new Error(message), { name: code });
  return (
    outcome === 'refused' && expectation.outcome === 'granted' && (isMissing(error) || isAssociationTooSoon(error))
  );
}

/** Retries the creation of an association: EKS may not know a role, a deletion, or the session of a new creator yet. */
export const whenMade = ({ outcome }: ProbeResult): boolean => outcome === 'refused';

/**
 * Whether EKS refused an association because its role or trust policy is too new, or because of a recent deletion for
 * the same service account (Amazon EKS API Reference, CreatePodIdentityAssociation).
 */
export const isAssociationTooSoon = ({ name, message }: Error): boolean =>
  name === 'ResourceInUseException' || (name === 'InvalidParameterException' && /role/i.test(message));
