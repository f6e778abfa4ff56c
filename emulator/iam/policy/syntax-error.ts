/** What is wrong with a policy document; `compilePolicy` turns it into the error of the service that was given it. */
export class PolicySyntaxError extends Error {
  override readonly name = 'PolicySyntaxError';
}
