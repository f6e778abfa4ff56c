import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Command } from './command.ts';

export const PREFLIGHT: Command = {
  name: 'preflight',
  summary: 'in a pod: follow its way to AWS credentials, and say who it is',
  about: `Run in a pod: follow its way to AWS credentials step by step, and compare its identity and access with the expectations. It
prints no token and no key. dist/preflight.cjs is the same program in one file (docs/preflight.md).`,
  options: [
    option.text('expect-role ARN', 'fail unless the pod has this role'),
    option.text('read s3://BUCKET/KEY', 'fail unless the pod can read this object'),
    option.text('timeout SECONDS', 'report steps that take longer as unknown', { default: '10' }),
    option.choice('format', ['terminal', 'json'], 'print the result in this form', { default: 'terminal' }),
  ],
  remarks: 'Exit codes: 0 ok; 1 a step failed; 2 wrong usage; 3 a step did not finish in time.',
  async run({ text }, { stdout, environment }) {
    const [{ expectationsOf }, { reportText }, { preflight }] = await Promise.all([
      import('../../components/preflight/arguments.ts'),
      import('../../components/preflight/report.ts'),
      import('../../components/preflight/run.ts'),
    ]);
    const given = expectationsOf({ role: text('expect-role'), read: text('read'), timeout: text('timeout') ?? '' });
    const report = await preflight({ ...given, environment });
    stdout.write(text('format') === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report));
    return { ok: EXIT.conforms, failed: EXIT.doesNotConform, unknown: EXIT.environment }[report.verdict];
  },
};
