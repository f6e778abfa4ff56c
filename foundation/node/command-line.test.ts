import { expect } from 'chai';
import { commandLine } from './command-line.ts';

describe('how a command is started', () => {
  for (const [command, args, clone, installed] of [
    ['run', '', 'npm run conformance', 'npx eks-pod-identity-conformance'],
    ['run', '--help', 'npm run conformance -- --help', 'npx eks-pod-identity-conformance --help'],
    ['list', '', 'npm run conformance -- --list', 'npx eks-pod-identity-conformance list'],
    ['sweep', '--list', 'npm run sweep -- --list', 'npx eks-pod-identity-conformance sweep --list'],
    ['kind-images', '', 'npm run kind:images', 'npx eks-pod-identity-conformance kind-images'],
  ] as const)
    it(`is said for ${[command, args].join(' ').trim()}, as the user has it`, () => {
      expect(commandLine(command, args, false)).to.equal(clone);
      expect(commandLine(command, args, true)).to.equal(installed);
    });

  it('is that of a clone here', () => expect(commandLine('compare')).to.equal('npm run compare'));
});
