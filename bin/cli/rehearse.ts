import { option } from '../../foundation/node/options.ts';
import type * as rehearsal from '../../scripts/rehearsal/rehearse.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const REHEARSE: Command = {
  name: 'rehearse',
  summary: 'rehearse a run on an emulated Amazon EKS with the delays of AWS',
  about: `Rehearse a run on Amazon EKS: start an emulated AWS with the delays and throttling of AWS, and run the command against it
like a job with its own role. Then check, as the administrator, for leftover resources and too frequent polling.`,
  operands: { usage: '[-- flags of the run]', least: 0 },
  options: [
    option.number('pace N', 'make delays this many times shorter than on AWS', {
      minimum: 1,
      fraction: true,
      default: 20,
    }),
    option.number(
      'propagation-pace N',
      'do the same with propagation delays of IAM, associations, lists and names (default: as --pace)',
      { minimum: 1, fraction: true },
    ),
    option.choice('timing', ['aws', 'instant'], 'delay and throttle calls like AWS, or not', {
      default: 'aws',
    }),
    option.text('policy FILE', "give the job's role this identity policy, as in docs/iam (default: allow everything)"),
    option.text('other-policy FILE', 'give the role of the second account this policy'),
    option.text('boundary FILE', 'require this permissions boundary on created roles, as in docs/iam (default: none)'),
  ],
  remarks: `Exit codes: that of the run; 3 also for leftover resources, polling faster than once a second, calls that the policy does not
allow, or a whole run without throttling; 2 wrong usage.`,
  fromClone: true,
  forMaintainers: true,
  async run(given, io) {
    const { rehearse } = await fromSource<typeof rehearsal>('scripts/rehearsal/rehearse.ts', io);
    return rehearse(given);
  },
};
