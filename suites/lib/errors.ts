/** How a call of an AWS SDK ends. */
import { expect } from 'chai';
import { isThrottling } from '../../foundation/aws/aws-problem.ts';

/** Which of its two codes for a bad request EKS uses is not documented for each rule. */
export const BAD_REQUEST = /^Invalid(Parameter|Request)Exception$/;

/** What a service refused a call with. Throttling, and what no service answered, say nothing of the call, and are thrown. */
export function refusalBy(error: Error & { readonly $metadata?: { readonly httpStatusCode?: number } }): Error {
  if (error.$metadata?.httpStatusCode === undefined || isThrottling(error.name)) throw error;
  return error;
}

/** The name of the error that a service refuses it with, or `none`. */
export const errorOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: Error) => refusalBy(error).name,
  );

/** The same as the query protocol has it: without `Exception`, which SDKs add to some. */
export const codeOf = async (call: Promise<unknown>): Promise<string> =>
  (await errorOf(call)).replace(/Exception$/, '');

/** The answer to a call that must be taken: to refuse it does not conform. */
export async function taken<Answer>(call: Promise<Answer>, what: string): Promise<Answer> {
  expect(await errorOf(call), what).to.equal('none');
  return call;
}
