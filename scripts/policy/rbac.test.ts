import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import installed from '../../harness/in-cluster/rbac.json' with { type: 'json' };
import { rolesText, rulesFor } from './rbac.ts';

const core = (verb: string, resource: string, more: object = {}) => ({ verb, group: '', resource, ...more });

describe('rules generated from requests', () => {
  it('combine the verbs of a resource, and resources with equal verbs', () => {
    const { cluster } = rulesFor([
      core('get', 'pods', { namespace: 'a', name: 'one' }),
      core('list', 'pods', { namespace: 'b' }),
      core('get', 'pods', { namespace: 'a', subresource: 'log', name: 'one' }),
      core('list', 'secrets', { namespace: 'a' }),
      core('get', 'secrets', { namespace: 'a', name: 'x' }),
    ]);
    expect(cluster.filter(({ apiGroups }) => apiGroups[0] === '')).to.deep.equal([
      { apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    ]);
  });

  it('are limited to kube-system for requests there, and to names that are the same in each run', () => {
    const lease = { group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system', name: 'l' };
    const { cluster, 'kube-system': inSystem } = rulesFor([
      core('get', 'pods', { namespace: 'a' }),
      core('get', 'pods', { namespace: 'kube-system' }),
      core('delete', 'pods', { namespace: 'kube-system', name: 'p' }),
      { verb: 'create', ...lease },
      { verb: 'patch', ...lease },
    ]);
    expect(cluster).to.deep.include({ apiGroups: [''], resources: ['pods'], verbs: ['get'] });
    expect(inSystem).to.deep.include.members([
      { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: ['l'], verbs: ['patch'] },
    ]);
  });

  it('omit default rights of all users', () => {
    const { cluster } = rulesFor([
      { verb: 'get', path: '/openid/v1/jwks' },
      { verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' },
    ]);
    expect(JSON.stringify(cluster)).not.to.match(/selfsubject|openid/);
  });

  it('are published as installed, and do not update cluster-scoped resources', () => {
    const ofCluster = installed.cluster.filter(({ resources }) =>
      resources.some((name) => /^(namespaces|nodes|clusterrole)/.test(name)),
    );
    expect(ofCluster.flatMap(({ verbs }) => verbs)).not.to.include.members(['update']);
    const texts = (text: string): unknown => parseAllDocuments(text).map((document) => document.toJS() as unknown);
    expect(texts(readFileSync('docs/rbac/runner.yaml', 'utf8'))).to.deep.equal(texts(rolesText(installed)));
  });
});
