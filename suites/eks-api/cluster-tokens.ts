/** Tokens of `aws eks get-token`: presigned URLs whose parameters are doubled or written in another case. */
import { expect } from 'chai';
import { check, suite } from '../../harness/index.ts';
import { SELF_REVIEW } from '../lib/rbac.ts';
import { signedLike, tokenOf, urlOf } from './lib/cluster-token.ts';

const CALL = 'GetCallerIdentity';
const STRANGER = 'ASIAIOSFODNN7EXAMPLE/20250101/us-west-2/sts/aws4_request';
/** Parameters that are signed with the others, and that STS ignores or reads differently. */
const SIGNED: readonly Readonly<Record<string, string | string[]>>[] = [
  { action: CALL },
  { action: 'GetAccessKeyInfo' },
  { ACTION: CALL },
  { Action: [CALL, CALL] },
  { Action: [CALL, 'GetAccessKeyInfo'] },
  { version: '2011-06-15' },
  { Version: ['2011-06-15', '2011-06-15'] },
  { 'x-amz-credential': STRANGER },
  { 'X-AMZ-CREDENTIAL': STRANGER },
  { 'x-amz-date': '20250101T000000Z' },
  { 'x-amz-expires': '60' },
  { 'x-amz-signature': '0'.repeat(64) },
  { 'x-amz-signedheaders': 'host;x-k8s-aws-id' },
];

suite('eks-api', ({ scenario }) => {
  scenario('CP-32', 'a cluster rejects a token whose URL has a parameter twice, in any case', {
    source:
      'aws-iam-authenticator source, pkg/token/token.go, Verify: each parameter once; CVE-2022-2385, a parameter in two cases',
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      check('each parameter counts once, and in its own case', async (context) => {
        const { kubernetes, clusterToken, name } = context;
        const { sessionToken = '', ...keys } = (await context.aws('sts')).credentials;
        const url = urlOf(await clusterToken());
        const status = async (presigned: string): Promise<number> => {
          const headers = { authorization: `Bearer ${tokenOf(presigned)}` };
          return (await kubernetes({ method: 'POST', ...SELF_REVIEW, headers, as: 'anonymous' })).status;
        };
        const signed = (headers: Readonly<Record<string, string>>, query = {}) =>
          signedLike(url, { ...keys, sessionToken }, { headers, query });
        const bound = { 'x-k8s-aws-id': name('<cluster:c1>') };
        expect(await status(url), 'the token of the harness').to.equal(201);
        expect(await status(await signed(bound)), 'a token signed here').to.equal(201);
        for (const query of SIGNED)
          for (const headers of [bound, {}])
            expect(await status(await signed(headers, query)), JSON.stringify(query)).to.equal(401);
        for (const [key, value] of new URL(url).searchParams) {
          for (const written of [key, key.toLowerCase()]) {
            const more = new URLSearchParams([[written, value]]).toString();
            for (const changed of [`${url}&${more}`, url.replace('?', `?${more}&`)])
              expect(await status(changed), `with another ${written}`).to.equal(401);
          }
          const renamed = url.replace(`${key}=`, `${key.toLowerCase()}=`);
          // A name in lower case is not the one that was signed. The signature's own name is not.
          if (key !== 'X-Amz-Signature') expect(await status(renamed), `with ${key} in lower case`).to.equal(401);
        }
      }),
    ],
  });
});
