import { expect } from 'chai';
import type { UserInfo } from '../model/user.ts';
import { kindOf } from '../model/kinds.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { createDefaultRoles } from './default-roles.ts';
import { checkEscalation } from './escalation.ts';
import { Authorizer, ruleAllows } from './rbac.ts';
import type { Attributes, PolicyRule } from './types.ts';

const PODS: PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
const GET_POD = { verb: 'get', group: '', resource: 'pods', namespace: 'n', name: 'p' };

const rules: readonly [title: string, rule: PolicyRule, attributes: Attributes, allowed: boolean][] = [
  ['allows its resource and verb', PODS, GET_POD, true],
  ['denies another verb', PODS, { ...GET_POD, verb: 'delete' }, false],
  ['denies another group', PODS, { ...GET_POD, group: 'apps' }, false],
  ['denies a subresource of its resource', PODS, { ...GET_POD, subresource: 'log' }, false],
  ['allows its subresource', { ...PODS, resources: ['pods/log'] }, { ...GET_POD, subresource: 'log' }, true],
  [
    'allows its subresource of any resource',
    { ...PODS, resources: ['*/log'] },
    { ...GET_POD, subresource: 'log' },
    true,
  ],
  ['allows all subresources with *', { ...PODS, resources: ['*'] }, { ...GET_POD, subresource: 'log' }, true],
  ['allows its resource name', { ...PODS, resourceNames: ['p'] }, GET_POD, true],
  ['denies another name', { ...PODS, resourceNames: ['q'] }, GET_POD, false],
  [
    'denies a list if it has resource names',
    { ...PODS, resourceNames: ['p'] },
    { ...GET_POD, verb: 'list', name: '' },
    false,
  ],
  ['a path', { verbs: ['get'], nonResourceURLs: ['/healthz'] }, { verb: 'get', path: '/healthz' }, true],
  [
    'allows paths below its own',
    { verbs: ['get'], nonResourceURLs: ['/apis/*'] },
    { verb: 'get', path: '/apis/x/y' },
    true,
  ],
  ['denies resources if it only has paths', { verbs: ['*'], nonResourceURLs: ['*'] }, GET_POD, false],
  [
    'denies paths if it only has resources',
    { ...PODS, resources: ['*'], apiGroups: ['*'] },
    { verb: 'get', path: '/x' },
    false,
  ],
];

describe('RBAC', () => {
  for (const [title, rule, attributes, allowed] of rules) {
    it(`a rule ${title}`, () => {
      expect(ruleAllows(rule, attributes)).to.equal(allowed);
    });
  }

  function clusterWith(kind: 'Role' | 'ClusterRole', subject: object): Authorizer {
    const store = new MemoryStore({ now: () => 0 });
    createDefaultRoles(store);
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    const metadata = { name: 'reader', ...(kind === 'Role' ? { namespace: 'n' } : {}) };
    store.create(kind === 'Role' ? 'roles' : 'clusterroles', { apiVersion, kind, metadata, rules: [PODS] });
    store.create('rolebindings', {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { name: 'b', namespace: 'n' },
      roleRef: { kind, name: 'reader' },
      subjects: [subject],
    });
    return new Authorizer(store);
  }
  const ada: UserInfo = { username: 'ada', groups: ['dev'] };
  const account: UserInfo = { username: 'system:serviceaccount:n:app', groups: [] };

  for (const [subject, user] of [
    [{ kind: 'User', name: 'ada' }, ada],
    [{ kind: 'Group', name: 'dev' }, ada],
    [{ kind: 'ServiceAccount', name: 'app', namespace: 'n' }, account],
    [{ kind: 'ServiceAccount', name: 'app' }, account],
  ] as const) {
    it(`a ${Object.values(subject).join(' ')} has the role only in the binding's namespace`, () => {
      const authorizer = clusterWith('ClusterRole', subject);
      const decision = authorizer.authorize(user, GET_POD);
      expect(decision.allowed).to.equal(true);
      expect(decision.reason).to.contain('RoleBinding "b/n" of ClusterRole "reader"');
      expect(authorizer.authorize(user, { ...GET_POD, namespace: 'other' }).allowed).to.equal(false);
      expect(authorizer.authorize({ username: 'eve', groups: [] }, GET_POD).allowed).to.equal(false);
    });
  }

  it('lets system:masters do everything', () => {
    const authorizer = clusterWith('Role', { kind: 'User', name: 'ada' });
    const root = { username: 'root', groups: ['system:masters'] };
    expect(authorizer.authorize(root, { verb: 'delete', group: 'x', resource: 'y' }).allowed).to.equal(true);
  });

  it('lets users grant only the rights that they hold', () => {
    const authorizer = clusterWith('Role', { kind: 'User', name: 'ada' });
    const role = (granted: PolicyRule) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'new', namespace: 'n' },
      rules: [granted],
    });
    const roles = kindOf('roles')!;
    const audited: string[] = [];
    const context = { authorizer, audit: (_user: string, asked: Attributes) => void audited.push(asked.verb) };
    expect(() => checkEscalation(context, ada, roles, role({ ...PODS, verbs: ['get'] }), true)).not.to.throw();
    expect(() => checkEscalation(context, ada, roles, role({ ...PODS, verbs: ['get', 'delete'] }), true)).to.throw(
      'attempting to grant RBAC permissions not currently held',
    );
    expect(() => checkEscalation(context, ada, roles, role({ ...PODS, verbs: ['*'] }), true)).to.throw();
    const binding = (name: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'b2', namespace: 'n' },
      roleRef: { kind: 'ClusterRole', name },
    });
    expect(() => checkEscalation(context, ada, kindOf('rolebindings')!, binding('admin'), true)).to.throw();
    expect(() => checkEscalation(context, ada, kindOf('rolebindings')!, binding('none'), true)).to.throw(
      'rolebindings.rbac.authorization.k8s.io "none" not found',
    );
    // The audit records the verbs that allow a grant.
    expect([...new Set(audited)]).to.deep.equal(['escalate', 'bind']);
  });
});
