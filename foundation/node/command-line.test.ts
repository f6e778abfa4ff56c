import { expect } from 'chai';
import { commandLine } from './command-line.ts';

describe('commandLine', () => {
  for (const [command, args, clone, installed] of [
    ['run', '', 'npm run conformance', 'npx eks-pod-identity-conformance'],
    ['run', '--help', 'npm run conformance -- --help', 'npx eks-pod-identity-conformance --help'],
    ['list', '', 'npm run conformance -- --list', 'npx eks-pod-identity-conformance list'],
    ['sweep', '--list', 'npm run sweep -- --list', 'npx eks-pod-identity-conformance sweep --list'],
    ['kind-images', '', 'npm run kind:images', 'npx eks-pod-identity-conformance kind-images'],
  ] as const)
    it(`returns the command for ${[command, args].join(' ').trim()} in a clone and as a package`, () => {
      expect(commandLine(command, args, false)).to.equal(clone);
      expect(commandLine(command, args, true)).to.equal(installed);
    });

  it('detects a clone', () => expect(commandLine('compare')).to.equal('npm run compare'));
});
