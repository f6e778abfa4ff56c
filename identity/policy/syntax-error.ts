/** Services turn it into their own error. */
export class PolicySyntaxError extends Error {
  override readonly name = 'PolicySyntaxError';
}
