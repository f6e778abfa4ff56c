import { EXIT, HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { option } from '../../foundation/node/options.ts';
import { readText } from '../../foundation/node/read-file.ts';
import type { RecordedCall } from '../../harness/standalone/calls.ts';
import type { Command } from './command.ts';
import { formatOption, json, print, type Formats } from './formats.ts';
import { CONTEXT, contextOf } from './up.ts';

type Calls = readonly RecordedCall[];

const FORMATS: Formats<Calls> = {
  terminal: (calls) => calls.map(lineOf).join(''),
  json,
  policy: async (calls) => json((await import('../../harness/standalone/calls.ts')).neededPolicy(calls)),
};

const lineOf = ({ time, service, operation, status, code, caller, authorizations }: RecordedCall): string =>
  [
    `${time} ${service}:${operation} ${code ?? status} ${caller}`,
    ...authorizations.map(
      ({ action, resource, decision, reason }) => `  ${decision} ${action} on ${resource}: ${reason}`,
    ),
    '',
  ].join('\n');

export const CALLS: Command = {
  name: 'calls',
  summary: 'print recorded calls with the statements that decided them, or the policy that they need',
  about: `Print the calls in FILE (\`emulator --log FILE\`), or of the emulated AWS that \`up\` installed in a cluster, with the statements
that decided them. --format policy prints the identity policy that they need.`,
  operands: { usage: '[FILE]', least: 0, most: 1 },
  options: [...CONTEXT, option.text('identity NAME', 'print only calls of this role or user'), formatOption(FORMATS)],
  remarks: `Exit codes: 0 printed; 2 wrong usage, an unreadable file, or an identity without calls; 3 the cluster cannot be reached, or calls are
missing because the log was rotated.`,
  async run(given, io) {
    const [file] = given.words;
    const { readCalls, missingCalls, identityOf } = await import('../../harness/standalone/calls.ts');
    const all =
      file === undefined ? await callsOfCluster(given) : readCalls(readText(file, 'Log of emulator --log'), file);
    const name = given.text('identity');
    const calls = name === undefined ? all : all.filter((call) => identityOf(call) === name);
    if (calls.length === 0) {
      const identities = [...new Set(all.flatMap((call) => identityOf(call) ?? []))];
      throw new HarnessError(
        'BAD_FLAG_VALUE',
        `--identity ${name} has no calls: ${suggestion(name ?? '', identities)}`,
      );
    }
    const denied = calls.filter(({ authorizations }) => authorizations.some(({ decision }) => decision !== 'allowed'));
    if (given.text('format') === 'policy' && denied.length > 0)
      io.stderr.write(
        `Warning: ${denied.length} of the ${calls.length} calls were not allowed, and the policy allows them too.\n`,
      );
    await print(calls, FORMATS, given, io);
    const missing = missingCalls(all);
    if (missing === 0) return EXIT.conforms;
    io.stderr.write(`The first ${missing} calls are missing, because the log was rotated.\n`);
    return EXIT.environment;
  },
};

async function callsOfCluster(given: Parameters<typeof contextOf>[0]): Promise<Calls> {
  const { callsIn } = await import('../../harness/standalone/status.ts');
  return callsIn(await contextOf(given));
}
