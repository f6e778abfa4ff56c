import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { eksPlaceOf } from './eks-place.ts';

const SERVER = 'https://10.0.0.1';

function place(given: {
  readonly context?: string;
  readonly server?: string;
  readonly exec?: object;
  readonly tlsServerName?: string;
}) {
  const { context = 'prod', server = SERVER, exec, tlsServerName } = given;
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server, ...(tlsServerName !== undefined && { tlsServerName }) }],
    users: [{ name: 'u', ...(exec && { exec }) }],
    contexts: [{ name: context, cluster: 'c', user: 'u' }],
    currentContext: context,
  });
  const { server: _server, host: _host, ...found } = eksPlaceOf(config);
  return found;
}

describe('eksPlaceOf: the EKS cluster of a context', () => {
  it('is named by the arguments of the AWS CLI', () => {
    const args = ['--region', 'eu-west-1', 'eks', 'get-token', '--cluster-name', 'blue', '--profile', 'team'];
    const found = { name: 'blue', region: 'eu-west-1', profile: 'team', isEksHost: false };
    expect(place({ exec: { command: 'aws', args } })).to.deep.equal(found);
    const env = [{ name: 'AWS_PROFILE', value: 'team' }];
    const withEquals = ['eks', 'get-token', '--cluster-name=blue', '--region=eu-west-1'];
    expect(place({ exec: { command: 'aws', args: withEquals, env } })).to.deep.equal(found);
    const line = ['-c', 'aws eks get-token --cluster-name blue --region eu-west-1 --profile team'];
    expect(place({ exec: { command: 'sh', args: line } })).to.deep.equal(found);
  });

  it('is named by the arguments of aws-iam-authenticator', () => {
    const exec = {
      command: 'aws-iam-authenticator',
      args: ['token', '-i', 'blue'],
      env: [{ name: 'AWS_REGION', value: 'eu-west-1' }],
    };
    expect(place({ exec })).to.deep.equal({ name: 'blue', region: 'eu-west-1', isEksHost: false });
  });

  it('is named by an ARN of any partition', () => {
    const context = 'arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/blue';
    const found = { name: 'blue', region: 'us-gov-west-1', accountId: '111122223333', isEksHost: false };
    expect(place({ context })).to.deep.equal(found);
  });

  it('is named as eksctl does', () => {
    const found = { name: 'blue', region: 'us-west-2', isEksHost: false };
    expect(place({ context: 'admin@blue.us-west-2.eksctl.io' })).to.deep.equal(found);
  });

  for (const [host, region] of [
    ['0123ABCD.gr7.us-west-2.eks.amazonaws.com', 'us-west-2'],
    ['0123ABCD.yl4.cn-north-1.eks.amazonaws.com.cn', 'cn-north-1'],
    ['0123ABCD.sk1.us-iso-east-1.eks.c2s.ic.gov', 'us-iso-east-1'],
    ['0123abcd.eks-cluster.eu-central-1.api.aws', 'eu-central-1'],
  ] as const)
    it(`has the region in the host ${host}`, () => {
      expect(place({ server: `https://${host}` })).to.deep.equal({ region, isEksHost: true });
      expect(place({ tlsServerName: host })).to.deep.equal({ region, isEksHost: true });
    });

  it('is unknown for other hosts and programs', () => {
    for (const server of ['https://127.0.0.1:6443', 'https://api.kops.example.com', 'not a URL'])
      expect(place({ server, exec: { command: 'gke-gcloud-auth-plugin', args: null } })).to.deep.equal({
        isEksHost: false,
      });
  });
});
