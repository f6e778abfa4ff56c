/** The agent does not start: options that cannot work together, or an address that it cannot listen on. */
export class AgentRefusal extends Error {
  override readonly name = 'AgentRefusal';
  readonly code: 'cache-outgrows-refresh' | 'cannot-listen';

  constructor(code: AgentRefusal['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
