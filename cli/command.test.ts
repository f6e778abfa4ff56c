import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import type * as errors from '../foundation/errors.ts';
import { execute, type Command, type Io } from './command.ts';

describe('a command', () => {
  it('tells the errors of code that was loaded beside it as its own', async () => {
    const { HarnessError } = (await import(
      `${new URL('../foundation/errors.ts', import.meta.url).href}?other`
    )) as typeof errors;
    const stderr = new PassThrough();
    const run = (): never => {
      throw new HarnessError('BAD_FILE', 'a.json is wrong.');
    };
    const command = { name: 'example', summary: '', about: '', options: [], remarks: '', run } as unknown as Command;
    expect(await execute(command, [], { stderr, environment: {} } as unknown as Io)).to.equal(2);
    expect(String(stderr.read())).to.equal('a.json is wrong.\n');
  });
});
