import { expect } from 'chai';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import type { ProvisionedCluster, ScenarioContext } from '../scenario/scenario-context.ts';
import { asSession, chained } from './as-session.ts';
import { assumeByToken } from './assume-by-token.ts';
import { kubernetesCreate } from './kubernetes-requests.ts';
import { performOperation } from './perform.ts';
import { chain, whoAmI } from './sts.ts';

const keys = (id: string) => ({ AccessKeyId: id, SecretAccessKey: `secret of ${id}`, SessionToken: 'session' });
const WEB = { role: 'app', token: 'web' };

describe('sessions of the harness', () => {
  let sent: unknown[][];
  let requests: Record<string, unknown>[];

  function aWorldOf(): ScenarioContext {
    const clientsOf = (owner: string) => ({
      sts: {
        send: async ({
          input,
          constructor: { name },
        }: {
          readonly input: Record<string, unknown>;
          constructor: { readonly name: string };
        }) => {
          sent.push([owner, name, input]);
          if (input['WebIdentityToken'] === 'bad')
            throw Object.assign(new Error('no JWT'), {
              name: 'InvalidIdentityTokenException',
              Code: 'InvalidIdentityToken',
              $metadata: { httpStatusCode: 400 },
            });
          const Arn = `arn:aws:sts::111122223333:assumed-role/x/${String(input['RoleSessionName'])}`;
          return {
            Credentials: { ...keys(`ASIA${sent.length}`), Expiration: new Date(Date.now() + 900_000) },
            AssumedRoleUser: { Arn, AssumedRoleId: 'AROA:x' },
            Provider: 'https://issuer',
            Audience: 'aud',
            Arn,
            Account: '111122223333',
            UserId: 'AROA:x',
            $metadata: {},
          };
        },
      },
    });
    const aws = {
      region: 'us-west-2',
      accountId: () => '111122223333',
      clients: () => clientsOf('administrator'),
      clientsWith: ({ accessKeyId }: { readonly accessKeyId: string }) => clientsOf(accessKeyId),
    } as unknown as AwsTarget;
    const kubernetes = {
      raw: async (request: Record<string, unknown>) => {
        requests.push(request);
        return { status: 201, body: '{}', contentType: 'application/json' };
      },
    };
    const cluster = { cluster: { name: 'one' }, kubernetes } as unknown as ProvisionedCluster;
    const scenario = aScenario({ roles: { app: { trust: [] }, next: { trust: [] } } });
    const context = aWorld(scenario, anEnvironment(aws, { clusters: new Map([['c1', cluster]]) }));
    context.tokens.set('web', 'token');
    return context;
  }

  beforeEach(() => {
    sent = [];
    requests = [];
  });

  it('are opened with a token, reported without their keys, and kept', async () => {
    const context = aWorldOf();
    const { facts } = await performOperation(context, assumeByToken('app', 'web', { durationSeconds: 900 }), {});
    expect(facts).to.include({ provider: 'https://issuer', audience: 'aud', userId: 'AROA:x' });
    expect(JSON.stringify(facts)).not.to.contain('secret');
    expect(sent[0]?.slice(0, 2)).to.deep.equal(['administrator', 'AssumeRoleWithWebIdentityCommand']);
    expect(sent[0]?.[2]).to.include({ WebIdentityToken: 'token', DurationSeconds: 900, RoleSessionName: 'creator' });
    expect(context.sessions.get('app/web')?.credentials.accessKeyId).to.equal('ASIA1');
  });

  it('are refused with the documented code', async () => {
    const result = await performOperation(aWorldOf(), assumeByToken('app', 'web', { text: 'bad' }), {});
    expect(result).to.include({ outcome: 'refused', layer: 'sts', code: 'InvalidIdentityToken', status: 400 });
  });

  it('can be chained', async () => {
    const next = chained(WEB, chain('next', { sessionName: 'second', sourceIdentity: 'ann', policyArns: ['arn'] }));
    const { facts } = await performOperation(aWorldOf(), asSession(chained(next, chain('app')), whoAmI()), {});
    expect(sent.map(([owner, name]) => [owner, name])).to.deep.equal([
      ['administrator', 'AssumeRoleWithWebIdentityCommand'],
      ['ASIA1', 'AssumeRoleCommand'],
      ['ASIA2', 'AssumeRoleCommand'],
      ['ASIA3', 'GetCallerIdentityCommand'],
    ]);
    expect(sent[1]?.[2]).to.deep.include({
      RoleSessionName: 'second',
      SourceIdentity: 'ann',
      PolicyArns: [{ arn: 'arn' }],
    });
    expect(facts).to.include({ accountId: '111122223333', userId: 'AROA:x' });
  });

  it('create objects at the API server only in a dry run, with impersonation', async () => {
    const as = { token: 'web', impersonate: 'somebody', group: 'auditors', uid: '1' };
    await performOperation(aWorldOf(), kubernetesCreate('/api/v1/namespaces/x/pods', { kind: 'Pod' }, as), {});
    expect(requests).to.deep.equal([
      {
        path: '/api/v1/namespaces/x/pods?dryRun=All',
        method: 'POST',
        body: { kind: 'Pod' },
        as: { token: 'token' },
        headers: { 'Impersonate-User': 'somebody', 'Impersonate-Group': 'auditors', 'Impersonate-Uid': '1' },
      },
    ]);
  });
});
