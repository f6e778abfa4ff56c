import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Report } from '../../components/preflight/report.ts';
import type { Command } from './command.ts';
import { formatOption, json, print, type Formats } from './formats.ts';

const FORMATS: Formats<Report> = {
  terminal: async (report) => (await import('../../components/preflight/report.ts')).reportText(report),
  json,
};

export const PREFLIGHT: Command = {
  name: 'preflight',
  summary: 'in a pod: follow its way to AWS credentials, and say who it is',
  about: `Run in a pod: follow its way to AWS credentials step by step, and compare its identity and access with the expectations. It
prints no token and no key. dist/preflight.cjs is the same program in one file (docs/preflight.md).`,
  options: [
    option.text('expect-role ARN', 'fail unless the pod has this role'),
    option.text('read s3://BUCKET/KEY', 'fail unless the pod can read this object'),
    option.text('timeout SECONDS', 'report steps that take longer as unknown', { default: '10' }),
    formatOption(FORMATS),
  ],
  remarks: 'Exit codes: 0 ok; 1 a step failed; 2 wrong usage; 3 a step did not finish in time.',
  async run(given, io) {
    const { text } = given;
    const [{ expectationsOf }, { preflight }] = await Promise.all([
      import('../../components/preflight/arguments.ts'),
      import('../../components/preflight/run.ts'),
    ]);
    const expectations = expectationsOf({
      role: text('expect-role'),
      read: text('read'),
      timeout: text('timeout') ?? '',
    });
    const report = await preflight({ ...expectations, environment: io.environment });
    await print(report, FORMATS, given, io);
    return { ok: EXIT.conforms, failed: EXIT.doesNotConform, unknown: EXIT.environment }[report.verdict];
  },
};
