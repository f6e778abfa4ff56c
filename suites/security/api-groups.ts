/** Kinds of the same name in another API group, and kinds of the cluster beside those of namespaces. */
import { check, suite, type CheckContext } from '../../harness/index.ts';
import { GROUP, reviewed } from '../lib/rbac.ts';
import { judge, nearForms, type Row } from '../lib/rows.ts';
import { RBAC } from '../lib/sources.ts';

const CUSTOM = 'near.example.com';
const ALL = { resources: ['*'], verbs: ['*'] };
/** Rules by user. `widgets` is a custom kind; the others also have the names of built-in kinds. */
const RULES = {
  custom: { apiGroups: [CUSTOM], ...ALL },
  core: { apiGroups: [''], ...ALL },
  bound: { apiGroups: [CUSTOM, ''], resources: ['widgets', 'nodes', 'secrets'], verbs: ['get', 'list'] },
  cluster: { apiGroups: [CUSTOM], resources: ['widgets', 'nodes', 'secrets'], verbs: ['get', 'list'] },
} as const;
type User = keyof typeof RULES;
/** How each rule is bound: in the namespace, to a Role or a ClusterRole, or in the cluster. */
const BOUND: Readonly<Record<User, readonly [role: string, binding: string]>> = {
  custom: ['Role', 'RoleBinding'],
  core: ['Role', 'RoleBinding'],
  bound: ['ClusterRole', 'RoleBinding'],
  cluster: ['ClusterRole', 'ClusterRoleBinding'],
};

type Attributes = Readonly<Record<string, string>>;

suite('security', ({ scenario }) => {
  scenario('SEC-32', 'rights on a custom kind reach no built-in kind of its name, no other group and no wider scope', {
    source: `${RBAC}, "Referring to resources" and "RoleBinding and ClusterRoleBinding"; Kubernetes documentation, "Authorization", request attributes`,
    needs: ['own-cluster'],
    workloads: { app: {}, other: { namespace: 'other' } },
    probes: [
      check('groups and scopes are kept apart', async (context) => {
        const { kubernetes, name } = context;
        const [here, elsewhere] = [name('<namespace:app>'), name('<namespace:other>')];
        const users = Object.fromEntries(Object.keys(RULES).map((user) => [user, `${here}-${user}`]));
        /** Requests, and the users that may make them. */
        const allowed: readonly (readonly [string, Attributes, readonly User[]])[] = [
          ['a custom kind', { group: CUSTOM, resource: 'widgets', namespace: here }, ['custom', 'bound', 'cluster']],
          ['custom secrets', { group: CUSTOM, resource: 'secrets', namespace: here }, ['custom', 'bound', 'cluster']],
          ['secrets', { resource: 'secrets', namespace: here }, ['core', 'bound']],
          ['tokens', { resource: 'serviceaccounts', subresource: 'token', namespace: here }, ['core']],
          [
            'custom tokens',
            { group: CUSTOM, resource: 'serviceaccounts', subresource: 'token', namespace: here },
            ['custom'],
          ],
          ['roles', { group: GROUP, resource: 'roles', namespace: here }, []],
          ['a custom kind elsewhere', { group: CUSTOM, resource: 'widgets', namespace: elsewhere }, ['cluster']],
          ['a custom kind everywhere', { group: CUSTOM, resource: 'widgets' }, ['cluster']],
          ['custom nodes', { group: CUSTOM, resource: 'nodes' }, ['cluster']],
          ['nodes', { resource: 'nodes' }, []],
          ['secrets everywhere', { resource: 'secrets' }, []],
          ...['core', 'v1', '*', 'example.com', ...Object.values(nearForms(CUSTOM))].map(
            (group): readonly [string, Attributes, readonly User[]] => [
              `secrets of group "${group}"`,
              { group, resource: 'secrets', namespace: here },
              [],
            ],
          ),
        ];
        const ask = (user: User, attributes: Attributes) =>
          reviewed(context, { user: users[user], resourceAttributes: { verb: 'get', ...attributes } });
        const rows = allowed.flatMap(([what, attributes, may]) =>
          (Object.keys(RULES) as User[]).map((user): Row => [
            `${what} for user ${user}`,
            may.includes(user) ? 'allowed' : 'denied',
            () => ask(user, attributes),
          ]),
        );
        const get = (user: User, path: string) => async () =>
          String((await kubernetes({ path, headers: { 'Impersonate-User': users[user] ?? '' } })).status);
        const custom = `/apis/${CUSTOM}/v1`;
        // No API server has these custom kinds, so it answers 404 to users who may read them.
        const requests: readonly (readonly [User, string, string])[] = [
          ['custom', `${custom}/namespaces/${here}/widgets`, '404'],
          ['custom', `${custom}/namespaces/${here}/secrets/x`, '404'],
          ['custom', `/apis/${CUSTOM}/v2/namespaces/${here}/widgets`, '404'],
          ['custom', `${custom}/namespaces/${elsewhere}/widgets`, '403'],
          ['custom', `${custom}/widgets`, '403'],
          ['custom', `/api/v1/namespaces/${here}/secrets`, '403'],
          ['custom', `/apis/apps/v1/namespaces/${here}/deployments`, '403'],
          ['core', `/api/v1/namespaces/${here}/secrets`, '200'],
          ['core', `${custom}/namespaces/${here}/secrets`, '403'],
          ['core', `/apis/v1/v1/namespaces/${here}/secrets`, '403'],
          ['bound', `/api/v1/namespaces/${here}/secrets`, '200'],
          ['bound', '/api/v1/secrets', '403'],
          ['bound', '/api/v1/nodes', '403'],
          ['bound', `${custom}/nodes`, '403'],
          ['cluster', `${custom}/nodes`, '404'],
          ['cluster', `${custom}/namespaces/${elsewhere}/widgets`, '404'],
          ['cluster', '/api/v1/nodes', '403'],
          ['cluster', `/api/v1/namespaces/${here}/secrets`, '403'],
        ];
        for (const [user, path, status] of requests)
          rows.push([`GET ${path} as user ${user}`, status, get(user, path)]);
        const remove = await bind(context, users);
        try {
          // The authorizer sees new bindings with a delay.
          const last = () => ask('cluster', { group: CUSTOM, resource: 'nodes' });
          await context.eventually(last, (review) => review === 'allowed');
          await judge(rows);
        } finally {
          await remove();
        }
      }),
    ],
  });
});

/** Binds each rule to its user. Returns a function that removes what belongs to the cluster. */
async function bind(
  { kubernetes, name }: CheckContext,
  users: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const made: string[] = [];
  for (const [user, [role, binding]] of Object.entries(BOUND) as [User, readonly [string, string]][]) {
    const subject = { kind: 'User', apiGroup: GROUP, name: users[user] };
    const roleRef = { apiGroup: GROUP, kind: role, name: users[user] };
    for (const [kind, content] of [
      [role, { rules: [RULES[user]] }],
      [binding, { roleRef, subjects: [subject] }],
    ] as const) {
      const place = kind.startsWith('Cluster') ? '' : name('/namespaces/<namespace:app>');
      const path = `/apis/${GROUP}/v1${place}/${kind.toLowerCase()}s`;
      const body = { apiVersion: `${GROUP}/v1`, kind, metadata: { name: users[user] }, ...content };
      const { status } = await kubernetes({ method: 'POST', path, body });
      if (status !== 201) throw new Error(`The API server answered ${status} to a new ${kind}.`);
      if (place === '') made.push(`${path}/${users[user]}`);
    }
  }
  return async () => {
    for (const path of made) await kubernetes({ method: 'DELETE', path });
  };
}
