import { badFlagValue, EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Waited } from '../../doctor/wait/wait.ts';
import type { Command } from './command.ts';
import { formatOption, json, NO_COLOR, print, type Formats } from './formats.ts';
import { asksForRights, collectOptions, connectionOptions, printRights, RIGHTS } from './live-cluster.ts';

const FORMATS: Formats<Waited> = {
  terminal: async (waited, { paint, width }) =>
    (await import('../../doctor/wait/wait.ts')).waitText(waited, paint, width),
  json,
};
const EXITS = { ready: EXIT.conforms, 'not-ready': EXIT.doesNotConform, unknown: EXIT.environment } as const;
const MILLISECONDS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

export const DOCTOR_WAIT: Command = {
  name: 'doctor wait',
  summary: 'wait until a new pod of a service account would get its role',
  about: `Wait until a new pod of a service account would get its role: it has an association or a role annotation, the webhook injects a pod
(in a dry run, which writes nothing), the agent is ready on the nodes, and the trust policy allows it. Progress goes to stderr.
Run it before the workload is created. It cannot see whether EKS Auth already knows the association.`,
  options: [
    option.text('namespace NAME', 'the namespace of the service account, also -n NAME', {
      default: 'default',
      short: 'n',
    }),
    option.text('service-account NAME', 'the service account'),
    option.text('timeout TIME', 'start no reading after this time, such as 90s or 5m', {
      default: '5m',
      form: { pattern: /^\d{1,6}[smh]$/, expected: 'use a value such as 90s or 5m' },
    }),
    ...connectionOptions(option.text('context NAME', 'read the cluster of this context (default: the current one)')),
    formatOption(FORMATS),
    ...RIGHTS,
    NO_COLOR,
  ],
  remarks: `Exit codes: 0 a new pod would get its role; 1 it would not when the time was over; 2 wrong usage, or an unusable cluster or
credentials; 3 something could not be read; 130 interrupted.`,
  async run(given, io) {
    const namespace = given.text('namespace') ?? '';
    if (asksForRights(given)) {
      const { waitRole } = await import('../../doctor/wait/admit.ts');
      return printRights(given, io, { role: waitRole(namespace) });
    }
    const serviceAccount = given.text('service-account');
    if (serviceAccount === undefined) throw badFlagValue('--service-account is missing. Use --service-account NAME.');
    const { waitForIdentity } = await import('../../doctor/wait/wait.ts');
    const signal = io.interruption('Stopping.\n');
    const [, count, unit] = /^(\d+)([smh])$/.exec(given.text('timeout') ?? '') ?? [];
    try {
      const waited = await waitForIdentity({
        ...{ namespace, serviceAccount },
        collect: { ...(await collectOptions(given, io)), signal },
        within: Number(count) * MILLISECONDS[unit as keyof typeof MILLISECONDS],
        announce: (sentence) => void io.stderr.write(`${sentence}\n`),
      });
      await print(waited, FORMATS, given, io);
      return EXITS[waited.result];
    } catch (error) {
      if (signal.aborted) return EXIT.interrupted;
      throw error;
    }
  },
};
