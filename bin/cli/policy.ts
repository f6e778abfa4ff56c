import { option } from '../../foundation/node/options.ts';
import type * as policies from '../../scripts/policy/policy.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const POLICY: Command = {
  name: 'policy',
  summary: 'generate the policies of nightly runs',
  about: `Rehearse nightly runs on an emulated Amazon EKS, and generate the policies they need from the recorded calls:
docs/iam/nightly-policy.json, docs/iam/other-account-policy.json, docs/iam/permissions-boundary.json, and
docs/iam/auto-mode-policy.json for clusters in Auto Mode. Also generate docs/rbac/runner.yaml, the rules of a runner's
service account, from the requests of a runner in a cluster.`,
  options: [option.flag('check', 'write nothing, and compare with the existing files')],
  remarks: 'Exit codes: 0 written, or up to date; 1 out of date; 2 wrong usage; 3 a rehearsal failed.',
  fromClone: true,
  forMaintainers: true,
  async run(given, io) {
    const { writePolicies } = await fromSource<typeof policies>('scripts/policy/policy.ts', io);
    return writePolicies(given.flag('check'), io);
  },
};
