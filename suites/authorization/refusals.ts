/** Texts of refusals, which tell a caller nothing of objects that it may not read. */
import { expect } from 'chai';
import { check, suite, type CheckContext } from '../../harness/index.ts';
import { askerOf, NAMESPACE } from '../lib/namespace-requests.ts';
import { GROUP } from '../lib/rbac.ts';
import { RBAC, TOKEN_REQUEST } from '../lib/sources.ts';

interface Request {
  readonly method: string;
  /** Path with `NAME` for a name, which exists or not. */
  readonly path: string;
  readonly body?: object;
}
const CREATED = ['serviceaccounts', 'secrets', 'configmaps'];
const PRESENT = 'present-one';
const token = (boundObjectRef?: object) => ({ spec: { audiences: ['sts.amazonaws.com'], boundObjectRef } });
const onObject = (path: string, name = 'NAME'): readonly Request[] => [
  { method: 'GET', path: `${path}/${name}` },
  { method: 'GET', path: `${path}?fieldSelector=metadata.name%3D${name}` },
  { method: 'DELETE', path: `${path}/${name}?dryRun=All` },
  { method: 'PATCH', path: `${path}/${name}?dryRun=All`, body: { metadata: { labels: { a: 'b' } } } },
];
/** Requests by a name that exists, and the same ones by one that does not. */
const REQUESTS: Readonly<Record<string, readonly Request[]>> = {
  [PRESENT]: [
    ...CREATED.flatMap((resource) => onObject(`${NAMESPACE}/${resource}`)),
    { method: 'POST', path: `${NAMESPACE}/serviceaccounts/NAME/token`, body: token() },
  ],
  view: onObject(`/apis/${GROUP}/v1/clusterroles`),
  '<namespace:other>': [
    ...onObject('/api/v1/namespaces'),
    ...onObject('/api/v1/namespaces/NAME/serviceaccounts', 'app'),
  ],
};

/** Sends a request as an account of the scenario's namespace. */
const askAs = ({ kubernetes, name }: CheckContext, account: string, { method, path, body }: Request) =>
  kubernetes({
    method,
    path: name(path),
    headers: {
      'Impersonate-User': name(`system:serviceaccount:<namespace:app>:${account}`),
      ...(method === 'PATCH' && { 'Content-Type': 'application/merge-patch+json' }),
    },
    ...(body && { body }),
  });

suite('authorization', ({ scenario }) => {
  scenario('RB-47', 'a refusal is the same whether or not the object exists, and names no UID', {
    source: `${RBAC}; Kubernetes documentation, "Controlling Access to the Kubernetes API": authorization of a request precedes its object; ${TOKEN_REQUEST}, boundObjectRef`,
    workloads: { app: {}, other: { namespace: 'other' }, maker: { serviceAccount: 'maker' } },
    users: {
      maker: {
        namespace: 'app',
        serviceAccount: 'app/maker',
        rules: [{ resources: ['serviceaccounts/token'], verbs: ['create'] }],
      },
    },
    probes: [
      check('a caller without rights does not learn which objects and namespaces exist', async (context) => {
        const ask = askerOf<object>(context);
        for (const resource of CREATED) await ask('POST', resource, { metadata: { name: PRESENT } });
        for (const [present, requests] of Object.entries(REQUESTS))
          for (const { path, ...request } of requests) {
            const answerFor = async (named: string) => {
              const { status, body } = await askAs(context, 'app', { ...request, path: path.replace('NAME', named) });
              return `${status} ${body.replaceAll(context.name(named), 'NAME')}`;
            };
            const answer = await answerFor(present);
            expect(answer, path).to.match(/^403 .*is forbidden/s);
            expect(answer, path).to.equal(await answerFor(`${present}-absent`));
          }
      }),
      check('a caller who may only create tokens learns no UID', async (context) => {
        const ask = askerOf<{ readonly metadata: { readonly uid: string } }>(context);
        const { uid } = (await ask('GET', `secrets/${PRESENT}`)).metadata;
        const wrong = uid.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
        const path = `${NAMESPACE}/serviceaccounts/app/token`;
        const bound = async (reference: object) => {
          const secret = { apiVersion: 'v1', kind: 'Secret', name: PRESENT };
          return askAs(context, 'maker', { method: 'POST', path, body: token({ ...secret, ...reference }) });
        };
        expect((await bound({ uid })).status, 'with the UID').to.equal(201);
        const { status, body } = await bound({ uid: wrong });
        expect(status, 'with another UID').to.equal(409);
        expect(body).to.contain(wrong).and.not.to.contain(uid);
      }),
    ],
  });
});
