import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import { Gaps } from './gaps.ts';
import { readKubernetes, readList } from './kubernetes.ts';

type Lists = Readonly<Record<string, readonly object[]>>;

/** Returns an API server that has only these lists. */
function apiServer(lists: Lists) {
  const calls: string[] = [];
  const get = async (path: string): Promise<string> => {
    calls.push(path);
    const url = new URL(path, 'https://server');
    const all = lists[url.pathname.split('/').at(-1) ?? ''];
    if (all === undefined) throw new KubernetesError(403, 'Forbidden', 'no');
    const [from, limit] = [Number(url.searchParams.get('continue')), Number(url.searchParams.get('limit'))];
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    return JSON.stringify({ kind: 'List', metadata: more, items: all.slice(from, from + limit) });
  };
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const gaps = new Gaps(signal);
  const reader = { get, close: () => undefined };
  const reading = { reader, gaps, progress: () => undefined };
  return { calls, gaps, read: () => readKubernetes(reading) };
}

const named = (name: string, more: object = {}): object => ({ metadata: { name, namespace: 'payments' }, ...more });

describe('readKubernetes', () => {
  it('makes one call for each 500 objects', async () => {
    const pods = Array.from({ length: 2000 }, (_, index) => named(`pod-${index}`, { spec: { containers: [] } }));
    const server = apiServer({ pods });
    const { pods: read } = await server.read();
    expect(read?.map(({ metadata }) => metadata.name)).to.deep.equal(pods.map((_, index) => `pod-${index}`));
    expect(server.calls.filter((path) => path.includes('/pods'))).to.deep.equal([
      '/api/v1/pods?limit=500',
      '/api/v1/pods?limit=500&continue=500',
      '/api/v1/pods?limit=500&continue=1000',
      '/api/v1/pods?limit=500&continue=1500',
    ]);
    expect(server.calls.length).to.be.at.most(20 + 2000 / 500);
  });

  it('has gaps for lists that are forbidden', async () => {
    const server = apiServer({ nodes: [] });
    expect(await server.read()).to.deep.equal({ nodes: [] });
    expect(server.gaps.all()).to.deep.include({ right: 'list pods', reason: 'Forbidden' });
  });

  it('reports refused pods by the condition of ReplicaSets and the last event of others', async () => {
    const refused = 'pods "ledger-" is forbidden: error looking up service account payments/ledger';
    const condition = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: refused };
    const event = (kind: string, name: string, message: string, lastTimestamp: string): object =>
      named(`${name}.${lastTimestamp}`, {
        involvedObject: { kind, namespace: 'payments', name },
        message,
        lastTimestamp,
      });
    const server = apiServer({
      pods: [],
      daemonsets: [
        named('agent', { status: { desiredNumberScheduled: 2, currentNumberScheduled: 1, numberReady: 1 } }),
        named('whole', { status: { desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 0 } }),
      ],
      replicasets: [
        named('ledger', { status: { conditions: [condition] } }),
        named('fine', { status: { conditions: [{ ...condition, status: 'False' }] } }),
      ],
      statefulsets: [
        named('store', { spec: { replicas: 2 }, status: { replicas: 0 } }),
        named('starting', { spec: { replicas: 2 }, status: { replicas: 1 } }),
        named('zero', { spec: { replicas: 0 }, status: {} }),
      ],
      jobs: [
        named('report', { status: {} }),
        named('done', { status: { succeeded: 1 } }),
        named('suspended', { spec: { suspend: true }, status: {} }),
      ],
      events: [
        event('StatefulSet', 'store', 'newer', '2026-11-30T12:01:00Z'),
        event('StatefulSet', 'store', 'older', '2026-11-30T12:00:00Z'),
        event('StatefulSet', 'zero', 'scaled down since', '2026-11-30T12:00:00Z'),
        event('DaemonSet', 'agent', 'quota', '2026-11-30T12:00:00Z'),
        event('DaemonSet', 'whole', 'over', '2026-11-30T12:00:00Z'),
        event('Job', 'report', 'no account', '2026-11-30T12:00:00Z'),
        event('Job', 'done', 'over', '2026-11-30T12:00:00Z'),
        event('Job', 'suspended', 'suspended since', '2026-11-30T12:00:00Z'),
        event('Job', 'deleted', 'over', '2026-11-30T12:00:00Z'),
      ],
    });
    const { refusedPods, daemonSets } = await server.read();
    expect(refusedPods?.map(({ kind, metadata, message }) => `${kind} ${metadata.name}: ${message}`)).to.deep.equal([
      `ReplicaSet ledger: ${refused}`,
      'StatefulSet store: newer',
      'Job report: no account',
      'DaemonSet agent: quota',
    ]);
    expect(daemonSets).to.have.lengthOf(2);
  });

  it('keeps what decides about agents, webhooks and network policies', async () => {
    const terms = [
      { matchExpressions: [{ key: 'eks.amazonaws.com/compute-type', operator: 'NotIn', values: ['auto'] }] },
    ];
    const server = apiServer({
      daemonsets: [
        named('agent', {
          spec: {
            template: {
              spec: {
                affinity: {
                  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
                },
                tolerations: [{ key: 'team', operator: 'Exists' }],
                containers: [{ name: 'agent', image: 'agent:1' }],
              },
            },
          },
        }),
      ],
      mutatingwebhookconfigurations: [
        {
          metadata: { name: 'pod-identity-webhook' },
          webhooks: [
            {
              name: 'iam-for-pods.amazonaws.com',
              clientConfig: { service: { namespace: 'kube-system', name: 'webhook' }, caBundle: 'Q0E=' },
              namespaceSelector: { matchLabels: { team: 'blue' } },
              rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
            },
            {
              name: 'others',
              clientConfig: { url: 'https://webhook' },
              rules: [{ operations: ['UPDATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }],
            },
          ],
        },
      ],
      networkpolicies: [
        named('deny', { spec: { podSelector: { matchLabels: {} }, policyTypes: ['Egress'] } }),
        named('some', {
          spec: {
            podSelector: { matchLabels: { app: 'ledger' } },
            policyTypes: ['Ingress', 'Egress'],
            egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }, { podSelector: {} }], ports: [{ port: 443 }] }, {}],
          },
        }),
      ],
    });
    const { daemonSets = [], mutatingWebhooks, networkPolicies } = await server.read();
    expect(daemonSets[0]).to.deep.include({
      images: ['agent:1'],
      tolerations: [{ key: 'team', operator: 'Exists' }],
      nodeAffinity: terms,
    });
    expect(mutatingWebhooks).to.deep.equal([
      {
        configuration: 'pod-identity-webhook',
        name: 'iam-for-pods.amazonaws.com',
        service: 'kube-system/webhook',
        caBundle: 'Q0E=',
        namespaceSelector: { matchLabels: { team: 'blue' } },
        createsPods: true,
      },
      {
        configuration: 'pod-identity-webhook',
        name: 'others',
        url: 'https://webhook',
        createsPods: false,
      },
    ]);
    expect(networkPolicies?.map(({ podSelector, egress }) => ({ podSelector, egress }))).to.deep.equal([
      { podSelector: { matchLabels: {} }, egress: [] },
      {
        podSelector: { matchLabels: { app: 'ledger' } },
        egress: [
          {
            to: [{ selects: false, ipBlock: { cidr: '10.0.0.0/8' } }, { selects: true }],
            ports: [{ protocol: 'TCP', port: 443 }],
          },
          {},
        ],
      },
    ]);
  });
});

describe('readList', () => {
  const ITEMS = [{ text: 'a "quoted" \\ } ] {', list: [[1], [{ a: {} }]] }, {}, { metadata: { name: 'items":[' } }];
  const read = (page: string) => {
    const items: unknown[] = [];
    return { token: readList(page, (item) => items.push(item)), items };
  };

  it('returns all items and the token, wherever they are', () => {
    const [metadata, items] = [{ continue: 'next', remainingItemCount: 3 }, ITEMS];
    const whole = { token: 'next', items };
    expect(read(JSON.stringify({ kind: 'List', metadata, items }))).to.deep.equal(whole);
    expect(read(JSON.stringify({ items, metadata }))).to.deep.equal(whole);
    expect(read(JSON.stringify({ metadata, items }, undefined, 2))).to.deep.equal(whole);
  });

  it('reads empty lists and last pages', () => {
    const nothing = { token: undefined, items: [] };
    expect(read('{"metadata":{"continue":""},"items":[]}')).to.deep.equal(nothing);
    expect(read('{"metadata":{},"items":null}')).to.deep.equal(nothing);
    expect(read('{}')).to.deep.equal(nothing);
  });

  for (const page of ['', '<html>', '{"items":[', '{"items":[{"a":1}', '{"items":[{"a":"b', '{"items":[{"a":1}],'])
    it(`rejects ${JSON.stringify(page)}`, () => {
      expect(() => read(page)).to.throw(SyntaxError);
    });
});
