import { expect } from 'chai';
import fc from 'fast-check';
import { Authorizer } from '../../clusters/kubernetes/api-server/authorization/rbac.ts';
import { serviceAccountGroups } from '../../clusters/kubernetes/api-server/model/user.ts';
import { MemoryStore } from '../../clusters/kubernetes/api-server/store/memory-store.ts';
import {
  isPermitted,
  type Attributes,
  type Binding,
  type Requester,
  type Role,
  type Rule,
  type SubjectReference,
} from './authorization.ts';
import { comparisons, sayFailure, seed } from './runs.ts';

const REQUESTS_OF_ROLES = 20;
const AUTHENTICATED = 'system:authenticated';

const some = (...values: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3, size: 'max' });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
/** Omits undefined members. */
const defined = <T>(record: object): T =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;

const verbs = some('get', 'list', 'create', '*');
const rule = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        verbs,
        apiGroups: some('', '', 'apps', '*'),
        resources: some(
          'pods',
          'pods/log',
          'serviceaccounts',
          'serviceaccounts/token',
          '*/token',
          'pods/*',
          'deployments',
          '*',
        ),
        resourceNames: optional(fc.oneof(some('one', 'two', '*'), fc.constant([]))),
      })
      .map(defined<Rule>),
  },
  {
    weight: 1,
    arbitrary: fc.record({ verbs, nonResourceURLs: some('/healthz', '/healthz/*', '/api*', '*', '/apis/*') }),
  },
);
const rules = fc.array(rule, { maxLength: 3, size: 'max' });

/** Each name may be used by a Role in either namespace and by a ClusterRole. */
const roles = fc
  .tuple(
    ...['a', 'b', undefined]
      .flatMap((namespace) => ['reader', 'writer'].map((name) => ({ namespace, name })))
      .map((role) =>
        fc.option(
          rules.map((chosen) => defined<Role>({ ...role, rules: chosen })),
          { nil: undefined },
        ),
      ),
  )
  .map((all) => all.filter((role) => role !== undefined));

const subject: fc.Arbitrary<SubjectReference> = fc.oneof(
  fc.constantFrom('ada', 'eve', 'system:serviceaccount:a:app', 'dev').map((name) => ({ kind: 'User' as const, name })),
  fc
    .constantFrom(
      'dev',
      AUTHENTICATED,
      'system:unauthenticated',
      'system:serviceaccounts',
      'system:serviceaccounts:a',
      'ada',
    )
    .map((name) => ({ kind: 'Group' as const, name })),
  fc
    .record({ name: fc.constantFrom('app', 'other'), namespace: fc.constantFrom('a', 'b') })
    .map((account) => ({ kind: 'ServiceAccount' as const, ...account })),
);
const bindings = fc
  .array(
    fc.record({
      namespace: fc.constantFrom('a', 'b', undefined, undefined),
      kind: fc.constantFrom('Role' as const, 'ClusterRole' as const),
      role: fc.constantFrom('reader', 'writer', 'missing'),
      subjects: fc.array(subject, { minLength: 1, maxLength: 3, size: 'max' }),
    }),
    { minLength: 1, maxLength: 8, size: 'max' },
  )
  .map((all) =>
    all.map(({ namespace, kind, role, subjects }, index) => {
      const roleRef = { kind: namespace === undefined ? 'ClusterRole' : kind, name: role } as const;
      return defined<Binding>({ name: `binding-${index}`, namespace, roleRef, subjects });
    }),
  );

const account = (namespace: string, name: string): Requester => ({
  username: `system:serviceaccount:${namespace}:${name}`,
  groups: [...serviceAccountGroups(namespace), AUTHENTICATED],
});
const requester = fc.constantFrom<Requester>(
  { username: 'ada', groups: ['dev', AUTHENTICATED] },
  { username: 'eve', groups: [AUTHENTICATED] },
  { username: 'root', groups: ['system:masters', AUTHENTICATED] },
  { username: 'system:anonymous', groups: ['system:unauthenticated'] },
  ...['a', 'b'].flatMap((namespace) =>
    ['app', 'other'].flatMap((name) => Array<Requester>(2).fill(account(namespace, name))),
  ),
);
const verb = fc.constantFrom('get', 'get', 'list', 'create', 'create', 'delete');
const attributes: fc.Arbitrary<Attributes> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        verb,
        group: fc.constantFrom('', '', 'apps'),
        resource: fc.constantFrom('pods', 'serviceaccounts', 'deployments'),
        subresource: fc.constantFrom(undefined, undefined, 'log', 'token'),
        name: fc.constantFrom(undefined, '', 'one', 'two', 'three'),
        namespace: fc.constantFrom(undefined, '', 'a', 'a', 'b', 'c'),
      })

      .map(defined<Attributes>),
  },
  {
    weight: 1,
    arbitrary: fc.record({ verb, path: fc.constantFrom('/healthz', '/healthz/etcd', '/api', '/apis/apps', '/', '/*') }),
  },
);

describe('RBAC authorizer compared with a second implementation', () => {
  const answers = { permitted: 0, refused: 0 };
  const total = comparisons(20_000);

  it(`agrees in ${total} requests, seed ${seed}`, function () {
    this.timeout(0);
    const requests = fc.array(fc.record({ requester, attributes }), {
      minLength: REQUESTS_OF_ROLES,
      maxLength: REQUESTS_OF_ROLES,
    });
    const property = fc.property(roles, bindings, requests, (someRoles, someBindings, asked) => {
      const authorizer = new Authorizer(storeOf(someRoles, someBindings));
      for (const { requester: user, attributes: wanted } of asked) {
        const permitted = isPermitted(user, wanted, someRoles, someBindings);
        answers[permitted ? 'permitted' : 'refused'] += 1;
        if (authorizer.authorize(user, wanted).allowed === permitted) continue;
        const question = JSON.stringify({ user, attributes: wanted, roles: someRoles, bindings: someBindings });
        throw new Error(`The authorizer ${permitted ? 'denies' : 'allows'}:\n${question}`);
      }
    });
    sayFailure(fc.check(property, { numRuns: Math.ceil(total / REQUESTS_OF_ROLES), seed }));
  });

  it('received at least 15 % allowed and 15 % denied requests', () => {
    for (const count of Object.values(answers)) {
      expect(count / (answers.permitted + answers.refused)).to.be.at.least(0.15);
    }
  });
});

function storeOf(someRoles: readonly Role[], someBindings: readonly Binding[]): MemoryStore {
  const store = new MemoryStore({ now: () => 0 });
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const create = (kind: 'Role' | 'RoleBinding', { name, namespace, ...rest }: Role | Binding): void => {
    const scope = namespace === undefined ? 'Cluster' : '';
    const metadata = defined<{ name: string }>({ name, namespace });
    store.create(`${scope}${kind}s`.toLowerCase(), { apiVersion, kind: `${scope}${kind}`, metadata, ...rest });
  };
  for (const role of someRoles) create('Role', role);
  for (const binding of someBindings) create('RoleBinding', binding);
  return store;
}
