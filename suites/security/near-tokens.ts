/** Tokens of service accounts that anyone can make from the keys that a cluster publishes. */
import { STS } from '@aws-sdk/client-sts';
import type { JsonWebKey } from 'node:crypto';
import { check, suite, trustWebIdentity, type CheckContext } from '../../harness/index.ts';
import { assumeForPod } from '../lib/eks-auth.ts';
import { codeOf } from '../lib/errors.ts';
import { forgedTokens } from '../lib/forged-tokens.ts';
import { BAD_POD_TOKEN } from '../lib/outcomes.ts';
import { SELF_REVIEW } from '../lib/rbac.ts';
import { judge, type Row } from '../lib/rows.ts';
import { JWKS } from '../lib/signing-keys.ts';
import { EKS_AUTH_ERRORS, WEB_IDENTITY } from '../lib/sources.ts';
import { ASSOCIATED, IMAGE, POD_IDENTITY } from '../lib/worlds.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Returns a token of `app`, bound to a pod if it is for Pod Identity. */
async function issuedFor(
  { kubernetes, name }: CheckContext,
  audience: string | undefined,
  pod?: string,
): Promise<string> {
  const spec = {
    ...(audience && { audiences: [audience] }),
    ...(pod && { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: pod } }),
  };
  const { body } = await kubernetes({
    method: 'POST',
    path: name('/api/v1/namespaces/<namespace:app>/serviceaccounts/app/token'),
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
  });
  return (JSON.parse(body) as { status: { token: string } }).status.token;
}

const part = (token: string, index: 0 | 1): Claims =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Claims;

suite('security', ({ scenario }) => {
  scenario('SEC-23', 'STS, EKS Auth and the API server reject tokens made from the public keys of the cluster', {
    source: `RFC 8725, "JSON Web Token Best Current Practices", 2.1, 3.1 and 3.5; ${EKS_AUTH_ERRORS}; ${WEB_IDENTITY}, errors; Kubernetes documentation, "Authenticating", service account tokens`,
    needs: ['call-record', 'own-cluster'],
    roles: { ...ASSOCIATED.roles, web: { trust: [trustWebIdentity({ subject: 'app/app', audience: null })] } },
    workloads: ASSOCIATED.workloads,
    probes: [
      check('only the private key signs', async (context) => {
        const { kubernetes, name, aws } = context;
        const { keys } = JSON.parse((await kubernetes({ path: JWKS })).body) as {
          keys: (JsonWebKey & { kid: string })[];
        };
        // No node has the label, so this pod never runs.
        const pod = {
          serviceAccountName: 'app',
          nodeSelector: { none: 'none' },
          containers: [{ name: 'app', image: IMAGE }],
        };
        const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' }, spec: pod };
        await kubernetes({ method: 'POST', path: name('/api/v1/namespaces/<namespace:app>/pods'), body });
        const sts = new STS(await aws('sts'));
        const RoleArn = name('<role:web>');
        const services: Readonly<Record<string, readonly [Row[1], string, (token: string) => Promise<string>]>> = {
          STS: [
            'InvalidIdentityToken',
            await issuedFor(context, 'sts.amazonaws.com'),
            (token) =>
              codeOf(sts.assumeRoleWithWebIdentity({ RoleArn, RoleSessionName: 'forged', WebIdentityToken: token })),
          ],
          'EKS Auth': [
            BAD_POD_TOKEN.code,
            await issuedFor(context, POD_IDENTITY, 'app'),
            (token) => assumeForPod(context, token),
          ],
          'the API server': [
            '401',
            await issuedFor(context, undefined),
            async (token) => {
              const headers = { authorization: `Bearer ${token}` };
              const { status } = await kubernetes({ method: 'POST', ...SELF_REVIEW, headers, as: 'anonymous' });
              return status === 201 ? 'none' : String(status);
            },
          ],
        };
        const rows: Row[] = [];
        for (const [service, [refusal, token, ask]] of Object.entries(services)) {
          const key = keys.find(({ kid }) => kid === part(token, 0)['kid']) ?? keys[0];
          if (key === undefined) throw new Error('The cluster publishes no keys.');
          rows.push([`${service}: the private key`, 'none', () => ask(token)]);
          for (const [kind, forged] of Object.entries(await forgedTokens(part(token, 1), key)))
            rows.push([`${service}: ${kind}`, refusal, () => ask(forged)]);
        }
        await judge(rows);
      }),
    ],
  });
});
