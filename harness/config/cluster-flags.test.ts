import { expect } from 'chai';
import { configure } from './configuration.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { checkClusterFlags } from './cluster-flags.ts';

const check = (argv: readonly string[], environment: Readonly<Record<string, string>> = {}): void =>
  checkClusterFlags(configure(argv, environment));

const refusal = (argv: readonly string[]): string => {
  try {
    check(argv);
  } catch (error) {
    expect(error).to.be.instanceOf(HarnessError).with.property('exitCode', 2);
    return (error as Error).message;
  }
  return expect.fail('the flags were accepted');
};
const EKS = ['--cluster', 'eks'] as const;
const CLUSTERS = ['--cluster-name', 'one,two'] as const;
const ROLE = 'arn:aws:iam::111122223333:role/path/a';
const BOUNDARY = 'arn:aws:iam::111122223333:policy/b';

describe('flags of clusters', () => {
  for (const argv of [
    [],
    ['--cluster', 'kind', '--agent-image', 'agent:1', '--agent-args=--x'],
    ['--region', 'us-west-2', '--allow-account', '111122223333', '--aws-endpoint', 'http://127.0.0.1:4566'],
    [...EKS, '--region', 'us-west-2', '--allow-account', '111122223333', '--nodes', '3', '--addon-version', 'v1'],
    [...EKS, '--agent-image', 'agent:1', '--agent-args=--x', '--workload-image', 'probe:1'],
    [...EKS, ...CLUSTERS, '--addon-version', 'v1.3.10-eksbuild.2'],
    [...EKS, '--compute', 'auto-mode', '--kubernetes-version', '1.34'],
    [...EKS, '--aws-endpoint', 'http://127.0.0.1:4566,s3=http://127.0.0.1:9000'],
    [...EKS, '--cluster-role-arn', ROLE, '--node-role-arn', ROLE, '--admin-principal-arn', ROLE],
    [...EKS, '--permissions-boundary', BOUNDARY, '--subnet-ids', 'subnet-0123456789abcdef0,subnet-2'],
    [...EKS, '--permissions-boundary', 'arn:aws:iam::aws:policy/AmazonS3FullAccess'],
  ])
    it(`are accepted: ${argv.join(' ') || 'none'}`, () => check(argv));

  for (const [argv, text] of [
    [
      ['--kind-image', 'x'],
      '--kind-image is for kind clusters, but this run uses --cluster embedded: add --cluster kind',
    ],
    [['--agent-image', 'x'], '--agent-image is for kind and eks clusters'],
    [['--cluster', 'kind', '--nodes', '3'], '--nodes is for eks clusters, but this run uses --cluster kind'],
    [[...EKS, '--webhook-image', 'x'], '--webhook-image is for kind clusters'],
    [[...EKS, '--fault', 'iam-ignores-session-policy'], '--fault is for embedded and kind clusters'],
    [
      ['--region', 'us-west-2'],
      "--region requires --cluster eks or --aws-endpoint, because the run uses the harness' own emulator",
    ],
    [['--allow-account', '111122223333'], '--allow-account requires --cluster eks'],
    [['--aws-endpoint', 'eks=http://h'], 'add --cluster eks'],
    [[...EKS, '--cluster-name', 'a,b,c'], 'is given 3 times (a, b, c)'],
    [[...EKS, '--cluster-name', 'a,a'], '--cluster-name names a twice'],
    [
      [...EKS, ...CLUSTERS, '--nodes', '3'],
      '--nodes does not work with --cluster-name, because an existing cluster is used',
    ],
    [[...EKS, ...CLUSTERS, '--compute', 'auto-mode'], '--compute does not work with --cluster-name'],
    [
      [...EKS, '--compute', 'auto-mode', '--instance-type', 'm6i.large'],
      '--instance-type does not work with --compute auto-mode',
    ],
    [[...EKS, '--compute', 'auto-mode', '--agent-image', 'x'], 'provides its own nodes and agent: leave'],
    [
      [...EKS, '--agent-image', 'x', '--addon-version', 'v1'],
      '--addon-version does not work with --agent-image, because it replaces the add-on',
    ],
    [[...EKS, '--agent-args=--x'], '--agent-args does not work with --cluster eks without --agent-image'],
    [[...EKS, '--agent-chart', '0.2'], '--agent-chart does not work with --cluster eks without --agent-image'],
    [[...EKS, '--cluster-name', 'bad name!'], '--cluster-name is "bad name!": give a name'],
    [[...EKS, '--kubernetes-version', 'v1.34'], '--kubernetes-version is "v1.34": give a version such as 1.34'],
    [[...EKS, '--subnet-ids', 'subnet-1,vpc-1'], '--subnet-ids is "vpc-1": give subnet ids'],
    [[...EKS, '--cluster-role-arn', 'example'], '--cluster-role-arn is "example": give the ARN of a role'],
    [[...EKS, '--node-role-arn', BOUNDARY], '--node-role-arn is "arn:aws:iam::111122223333:policy/b": give the ARN'],
    [[...EKS, '--admin-principal-arn', 'example'], 'give the ARN of a role or user'],
    [['--service-principal', 'a.amazonaws.com,pods.eks'], '--service-principal is "pods.eks": use a service principal'],
    [[...EKS, '--permissions-boundary', ROLE], 'give the ARN of a managed policy'],
  ] as const)
    it(`are rejected: ${argv.join(' ')}`, () => expect(refusal(argv)).to.include(text));

  it('about the agent must have an effect, even those from the environment', () => {
    const environment = { CONFORMANCE_AGENT_IMAGE: 'x' };
    expect(() => check([...EKS, '--compute', 'auto-mode'], environment)).to.throw(
      'CONFORMANCE_AGENT_IMAGE does not work',
    );
    expect(() => check([...EKS, '--addon-version', 'v1'], environment)).to.throw(
      '--addon-version does not work with --agent-image',
    );
    check([...EKS, '--compute', 'auto-mode'], { CONFORMANCE_NODES: '3' });
    check(['--cluster', 'kind', '--agent-image', 'x'], { CONFORMANCE_COMPUTE: 'auto-mode' });
  });

  it('from the environment may be for other runs', () =>
    check([], { CONFORMANCE_NODES: '3', CONFORMANCE_REGION: 'us-west-2', CONFORMANCE_AGENT_IMAGE: 'x' }));
});
