/** How a call of an AWS SDK ends. */
import { expect } from 'chai';

/** The name of the error that it ends with, or `none`. Throttling says nothing of the call, and is thrown. */
export const errorOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: Error) => {
      if (error.name.startsWith('Throttling')) throw error;
      return error.name;
    },
  );

/** The same as the query protocol has it: without `Exception`, which SDKs add to some. */
export const codeOf = async (call: Promise<unknown>): Promise<string> =>
  (await errorOf(call)).replace(/Exception$/, '');

/** The answer to a call that must be taken: to refuse it does not conform. */
export async function taken<Answer>(call: Promise<Answer>, what: string): Promise<Answer> {
  expect(await errorOf(call), what).to.equal('none');
  return call;
}
