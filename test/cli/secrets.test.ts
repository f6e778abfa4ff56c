import { expect } from 'chai';
import { runConformance } from '../support/run-cli.ts';
import { expectNoSecrets, SECRETS, textsOf } from '../support/secrets.ts';
import { ERROR, FAILS, INCONCLUSIVE, PASSES, scenario, suiteFile } from '../support/suites.ts';

describe('secrets', () => {
  it('match these patterns', () => {
    const samples: Readonly<Record<string, string>> = {
      'a JSON web token': 'token eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
      'an access key id': 'ASIAQWERTYUIOP123456',
      'a secret access key': '"wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY"',
      'a session token': 'IQoJb3JpZ2luX2VjEXAMPLETOKEN',
      'a signature': 'X-Amz-Signature=0123456789abcdef0123',
      'a cluster token': 'k8s-aws-v1.aHR0cHM6Ly9zdHM',
      'a private key': '-----BEGIN RSA PRIVATE KEY-----',
    };
    for (const [what, pattern] of Object.entries(SECRETS)) expect(samples[what], what).to.match(pattern);
  });

  it('appear neither in output nor in reports, for all verdicts', async () => {
    const tokenProbes = `granted('red', fetchCredentials()),
      refused('red', fetchCredentials({ change: 'flip-signature' }), { by: 'agent', code: 'wrong' }),
      granted('red', fetchCredentials({ change: 'expired' })),
      granted('red', all.assumeWithWebIdentity('app', { token: all.podIdentityToken })),
      all.fails(all.createToken('app/app'), { by: 'kubernetes' }),
      all.succeeds(all.reviewToken('mine'), { authenticated: false }),
      all.succeeds(all.kubernetesGet('/api/v1/namespaces/<namespace:app>/secrets', { token: 'mine' }))`;
    // Each probe fails its expectation, so that reports contain all its details.
    const sessionProbes = `granted('red', getObject('data/red/key')),
      all.succeeds(all.askEksAuth('red'), { roleArn: 'another' }),
      all.fails(all.signedRequest('red', 'GET data/red/key', { presigned: 60 }), { by: 's3' }),
      all.succeeds(all.signedRequest('red', 'GET data/red/key', all.altered('authorization', /Signature=..../, 'Signature=0000'))),
      denied('red', all.assumeRole(all.chain('app')), { by: 's3' }),
      granted('red', all.readToken(all.podIdentityToken), { facts: { audience: 'another' } })`;
    const world = `
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/red/*')) },
    workloads: { red: { role: 'app' } },
    tokens: { mine: { serviceAccount: 'app/app', audience: 'pods.eks.amazonaws.com', boundTo: 'red' } },
    objects: ['data/red/key'],`;
    const files = {
      'mine.ts': suiteFile(
        scenario('MY-01', PASSES),
        scenario('MY-02', FAILS),
        scenario('MY-03', INCONCLUSIVE),
        scenario('MY-04', ERROR),
        scenario('MY-05', tokenProbes, world),
        scenario('MY-06', sessionProbes, world),
      ),
    };
    const args = [
      '--suite',
      'mine,service-accounts',
      '--verbose',
      '--retries',
      '0',
      '--fault',
      'eks-auth-ignores-audience',
    ];
    const run = await runConformance({ args, files });
    expect(run.exitCode, run.stderr).to.equal(1);
    const verdictOf = (id: string) => run.results?.scenarios.find((one) => one.id === id)?.verdict;
    // On a busy machine, their probes may end with errors.
    for (const id of ['MY-05', 'MY-06']) expect(verdictOf(id), run.stderr).to.be.oneOf(['failed', 'error']);
    expect(textsOf(run).map(([where]) => where)).to.include.members(['results.json', 'junit.xml', 'summary.md']);
    expectNoSecrets(run);
  });
});
