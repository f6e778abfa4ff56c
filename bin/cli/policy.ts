import { option } from '../../foundation/node/options.ts';
import type * as policies from '../../scripts/policy/policy.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const POLICY: Command = {
  name: 'policy',
  summary: 'writes the policies of nightly runs',
  about: `Rehearses on an emulated AWS what nightly runs on Amazon EKS do, and writes the policies that they need, from the calls that
AWS was asked: docs/iam/nightly-policy.json, docs/iam/other-account-policy.json, docs/iam/permissions-boundary.json, and
docs/iam/auto-mode-policy.json, which clusters in Auto Mode need besides. From the requests of a runner in a cluster it writes
the rules of its service account too: docs/rbac/runner.yaml.`,
  options: [option.flag('check', 'write nothing, and compare with what is there')],
  remarks:
    'Exit codes: 0 written, or what is there is what is generated; 1 it is not; 2 wrong usage; 3 a rehearsal failed.',
  fromClone: true,
  async run(given, io) {
    const { writePolicies } = await fromSource<typeof policies>('scripts/policy/policy.ts', io);
    return writePolicies(given.flag('check'), io);
  },
};
