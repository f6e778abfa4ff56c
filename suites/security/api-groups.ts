/** Kinds of the same name in another API group, and cluster-scoped and namespaced kinds. */
import { check, suite, type CheckContext } from '../../harness/index.ts';
import { withoutOverload } from '../lib/errors.ts';
import { GROUP, reviewed } from '../lib/rbac.ts';
import { judge, nearForms, type Row } from '../lib/rows.ts';
import { RBAC } from '../lib/sources.ts';

const CUSTOM = 'near.example.com';
const ALL = { resources: ['*'], verbs: ['*'] };
const SOME = { resources: ['widgets', 'nodes', 'secrets'], verbs: ['get', 'list'] };
/** Users: their rule, and how it is bound. `widgets` is a custom kind; the others also have the names of built-in kinds. */
const USERS = {
  custom: [{ apiGroups: [CUSTOM], ...ALL }, 'Role', 'RoleBinding'],
  core: [{ apiGroups: [''], ...ALL }, 'Role', 'RoleBinding'],
  bound: [{ apiGroups: [CUSTOM, ''], ...SOME }, 'ClusterRole', 'RoleBinding'],
  cluster: [{ apiGroups: [CUSTOM], ...SOME }, 'ClusterRole', 'ClusterRoleBinding'],
} as const;
type User = keyof typeof USERS;
const NAMES = Object.keys(USERS) as User[];
const isAllowed = (review: string): boolean => review === 'allowed';
type Request = readonly [group: string, resource: string, namespace: string | undefined, may: readonly User[]];

suite('security', ({ scenario }) => {
  scenario(
    'SEC-32',
    'rights on a custom kind do not extend to built-in kinds of the same name, other API groups or a wider scope',
    {
      source: `${RBAC}, "Referring to resources" and "RoleBinding and ClusterRoleBinding"; Kubernetes documentation, "Authorization", request attributes`,
      needs: ['own-cluster'],
      workloads: { app: {}, other: { namespace: 'other' } },
      probes: [
        check('groups and scopes are kept apart', async (context) => {
          const { eventually, kubernetes, name } = context;
          const [here, elsewhere] = [name('<namespace:app>'), name('<namespace:other>')];
          const userOf = (user: User) => `${here}-${user}`;
          const ask = (user: User, [group, resource, namespace]: Request) => {
            const resourceAttributes = { verb: 'get', group, resource, ...(namespace && { namespace }) };
            return reviewed(context, { user: userOf(user), resourceAttributes });
          };
          const requests: readonly Request[] = [
            [CUSTOM, 'widgets', here, ['custom', 'bound', 'cluster']],
            [CUSTOM, 'secrets', here, ['custom', 'bound', 'cluster']],
            ['', 'secrets', here, ['core', 'bound']],
            ['', 'serviceaccounts', here, ['core']],
            [CUSTOM, 'serviceaccounts', here, ['custom']],
            [GROUP, 'roles', here, []],
            [CUSTOM, 'widgets', elsewhere, ['cluster']],
            [CUSTOM, 'widgets', undefined, ['cluster']],
            [CUSTOM, 'nodes', undefined, ['cluster']],
            ...['nodes', 'secrets'].map((resource): Request => ['', resource, undefined, []]),
            ...['core', 'v1', '*', 'example.com', ...Object.values(nearForms(CUSTOM))].map((group): Request => [
              group,
              'secrets',
              here,
              [],
            ]),
          ];
          const rows = requests.flatMap((request) =>
            NAMES.map((user): Row => {
              const expected = request[3].includes(user) ? 'allowed' : 'denied';
              return [`${user} reads "${request.slice(0, 3).join('", "')}"`, expected, () => ask(user, request)];
            }),
          );
          // No API server has these custom kinds, so it answers 404 to users who may read them.
          const paths: Readonly<Record<string, readonly [string, string, string, string]>> = {
            [`/apis/${CUSTOM}/v1/namespaces/${here}/widgets`]: ['404', '403', '404', '404'],
            [`/apis/${CUSTOM}/v2/namespaces/${here}/secrets/x`]: ['404', '403', '404', '404'],
            [`/apis/${CUSTOM}/v1/namespaces/${elsewhere}/widgets`]: ['403', '403', '403', '404'],
            [`/apis/${CUSTOM}/v1/nodes`]: ['403', '403', '403', '404'],
            [`/api/v1/namespaces/${here}/secrets`]: ['403', '200', '200', '403'],
            '/api/v1/secrets': ['403', '403', '403', '403'],
            '/api/v1/nodes': ['403', '403', '403', '403'],
            [`/apis/apps/v1/namespaces/${here}/deployments`]: ['403', '403', '403', '403'],
          };
          for (const [path, statuses] of Object.entries(paths))
            for (const [index, user] of NAMES.entries()) {
              const headers = { 'Impersonate-User': userOf(user) };
              const get = async () =>
                String(withoutOverload('The API server', (await kubernetes({ path, headers })).status));
              rows.push([`${user} gets ${path}`, statuses[index] ?? '', get]);
            }
          const made: string[] = [];
          try {
            for (const user of NAMES) await bind(context, user, userOf(user), made);
            // The authorizer sees each new role and binding with a delay.
            for (const user of NAMES) {
              const own = requests.find(([, , , may]) => may.includes(user))!;
              const review = await eventually(() => ask(user, own), isAllowed);
              if (!isAllowed(review)) throw new Error(`The review of ${user} is still ${review}. Check its binding.`);
            }
            await judge(rows);
          } finally {
            for (const path of made) await kubernetes({ method: 'DELETE', path });
          }
        }),
      ],
    },
  );
});

/** Binds a rule to its user. Adds the paths of the objects to `made`. */
async function bind({ kubernetes, name }: CheckContext, user: User, metadataName: string, made: string[]) {
  const [rule, role, binding] = USERS[user];
  const subject = { kind: 'User', apiGroup: GROUP, name: metadataName };
  for (const [kind, content] of [
    [role, { rules: [rule] }],
    [binding, { roleRef: { apiGroup: GROUP, kind: role, name: metadataName }, subjects: [subject] }],
  ] as const) {
    const place = kind.startsWith('Cluster') ? '' : name('/namespaces/<namespace:app>');
    const path = `/apis/${GROUP}/v1${place}/${kind.toLowerCase()}s`;
    const body = { apiVersion: `${GROUP}/v1`, kind, metadata: { name: metadataName }, ...content };
    const { status } = await kubernetes({ method: 'POST', path, body });
    if (status !== 201) throw new Error(`The API server answered ${status} to a new ${kind}.`);
    made.push(`${path}/${metadataName}`);
  }
}
