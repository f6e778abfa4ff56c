import { expect } from 'chai';
import { checkClusterFlags } from './cluster-flags.ts';
import { configure, type Configuration } from './configuration.ts';
import { flagsOfRunner } from './in-cluster-flags.ts';

const KIND = ['--cluster', 'kind', '--in-cluster', '--runner-image', 'runner:1'];
const EKS = [
  '--cluster',
  'eks',
  '--in-cluster',
  '--runner-image',
  'r:1',
  '--cluster-name',
  'blue',
  '--workload-image',
  'p:1',
];
const checked = (args: readonly string[], environment = {}): Configuration => {
  const configuration = configure(args, environment);
  checkClusterFlags(configuration);
  return configuration;
};

describe('flags of a runner in the cluster', () => {
  it('are the flags about the run with their effective values, even from the environment', () => {
    const configuration = checked([...EKS, '--suite', 'irsa,rbac', '--quiet', '--region', 'eu-west-1'], {
      CONFORMANCE_PARALLEL: '3',
    });
    expect(flagsOfRunner(configuration, false)).to.have.members([
      '--suite=irsa,rbac',
      '--region=eu-west-1',
      '--parallel=3',
    ]);
  });

  it('exclude the agent if an emulator installs it', () => {
    const configuration = checked([...KIND, '--agent-image', 'a:1', '--scenario', 'PI-01']);
    expect(flagsOfRunner(configuration, true)).to.deep.equal(['--scenario=PI-01']);
  });

  const refusals: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
    [['--cluster', 'kind', '--in-cluster'], /--in-cluster requires --runner-image/],
    [['--cluster', 'kind', '--runner-image', 'r:1'], /--runner-image requires --in-cluster/],
    [[...KIND, '--gate', 'gate.yaml'], /--gate does not work with --in-cluster/],
    [['--in-cluster'], /--in-cluster is for kind and eks clusters/],
    [EKS.filter((word) => !/workload|p:1/.test(word)), /requires the runner's cluster/],
    [['--cluster', 'eks', '--context', 'x'], /--context does not work with --cluster eks without --in-cluster/],
    [['--cluster', 'eks', '--service-account-dir', '/x'], /--service-account-dir requires --cluster-name/],
  ];
  for (const [args, sentence] of refusals)
    it(`are rejected: ${args.join(' ')}`, () => {
      expect(() => checked(args)).to.throw(sentence);
    });
});
