import { option } from '../../foundation/node/options.ts';
import type * as rehearsal from '../../scripts/rehearsal/rehearse.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const REHEARSE: Command = {
  name: 'rehearse',
  summary: 'a run on an emulated Amazon EKS that takes as long as AWS',
  about: `Rehearses a run on Amazon EKS: starts an emulated AWS that takes as long as AWS and throttles as AWS does, and runs the
command against it, as a job with a role of its own would. Then looks, as the administrator, at what the run left and how it
asked.`,
  files: { usage: '[-- flags of the run]', least: 0 },
  options: [
    option.number('pace N', 'how many times faster than AWS the delays pass', {
      minimum: 1,
      fraction: true,
      default: 20,
    }),
    option.number(
      'propagation-pace N',
      'the same for changes of IAM and associations, lists and names that are still taken (default: as --pace)',
      { minimum: 1, fraction: true },
    ),
    option.choice('timing', ['aws', 'instant'], 'whether calls take as long and are throttled as by AWS', {
      default: 'aws',
    }),
    option.text('policy FILE', "identity policy of the job's role, as in docs/iam (default: everything is allowed)"),
    option.text('other-policy FILE', 'the same of the role of the second account'),
    option.text(
      'boundary FILE',
      'permissions boundary of the roles that the run makes, as in docs/iam (default: none)',
    ),
  ],
  remarks: `Exit codes: that of the run; 3 also when something was left in AWS, AWS was polled faster than once a second, or asked for
what the policy does not allow, or when a whole run met no throttling; 2 wrong usage.`,
  fromClone: true,
  async run(given, io) {
    const { rehearse } = await fromSource<typeof rehearsal>('scripts/rehearsal/rehearse.ts', io);
    return rehearse(given);
  },
};
