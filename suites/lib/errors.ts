/** Errors of AWS SDK calls. */
import { expect } from 'chai';
import { isThrottling } from '../../foundation/aws/aws-problem.ts';

/** EKS has two codes for a bad request, and does not document which rule causes which. */
export const BAD_REQUEST = /^Invalid(Parameter|Request)Exception$/;

/** Returns a service's error. Throws throttling and errors without a response, because they prove nothing about the call. */
export function refusalBy(error: Error & { readonly $metadata?: { readonly httpStatusCode?: number } }): Error {
  if (error.$metadata?.httpStatusCode === undefined || isThrottling(error.name)) throw error;
  return error;
}

/** Returns a status. Throws if it shows an overloaded service, because it proves nothing about the request. */
export function withoutOverload(service: string, status = 0): number {
  if (status < 500 && status !== 429) return status;
  throw new Error(`${service} answered ${status}. Run again when it is less busy.`);
}

/** Returns the name of the service's error, or `none`. */
export const errorOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: Error) => refusalBy(error).name,
  );

/** Returns the error code of the query protocol: the name without `Exception`, which SDKs add to some names. */
export const codeOf = async (call: Promise<unknown>): Promise<string> =>
  (await errorOf(call)).replace(/Exception$/, '');

/** Returns the response of a call that a conformant service must accept. */
export async function taken<Answer>(call: Promise<Answer>, what: string): Promise<Answer> {
  expect(await errorOf(call), what).to.equal('none');
  return call;
}
