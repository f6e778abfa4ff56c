import { expect } from 'chai';
import { additionalFlags, flagArguments } from './agent-addon.ts';

describe("the agent add-on's configuration values", () => {
  for (const [values, args] of [
    [undefined, []],
    ['{}', []],
    ['{"agent":{"additionalArgs":{"-b":"169.254.170.23"}}}', ['-b', '169.254.170.23']],
    ['agent:\n  additionalArgs:\n    --max-cache-size: 0\n', ['--max-cache-size', '0']],
    ['{"agent":{"additionalArgs":{"--rotate-credentials":""}}}', ['--rotate-credentials']],
    ['{"agent":{"additionalArgs":{"-b":["::1","127.0.0.1"]}}}', ['-b', '::1,127.0.0.1']],
  ] as const) {
    it(`yield the arguments [${args.join(' ')}] for ${JSON.stringify(values) ?? 'no configuration'}`, () =>
      expect(flagArguments(additionalFlags(values))).to.deep.equal(args));
  }

  it('are rejected unless they are JSON or YAML', () => expect(() => additionalFlags('{"agent"')).to.throw());
});
