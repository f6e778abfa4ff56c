import type { V1ConfigMap, V1DaemonSet, V1PodSpec } from '@kubernetes/client-node';
import { expect } from 'chai';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import { installAgent, installWebhook, removeFromCluster } from './index.ts';
import { fakeApi, type FakeApi } from '../../test/support/kubernetes-api.ts';
import { MUTATE, type Identity } from './webhook-manifest.ts';

const SYSTEM = '/namespaces/kube-system';
const DAEMON_SET = `/apis/apps/v1${SYSTEM}/daemonsets/eks-pod-identity-agent`;
const DEPLOYMENT = `/apis/apps/v1${SYSTEM}/deployments/pod-identity-webhook`;
const REGISTRATION = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/pod-identity-webhook';
const CONFIG_MAP = `/api/v1${SYSTEM}/configmaps/pod-identity-webhook-identities`;

interface Identities {
  readonly identities: readonly Identity[];
}
interface Review {
  readonly request: { readonly namespace: string; readonly object: { readonly spec: V1PodSpec } };
}

describe('agent and webhook in a cluster', () => {
  let api: FakeApi;
  const controller = new AbortController();
  const common = () => ({
    connection: api,
    run: 'r1',
    region: 'us-west-2',
    readyMilliseconds: 20_000,
    signal: controller.signal,
    progress: () => undefined,
  });
  const agent = (over: object = {}) =>
    installAgent({
      ...common(),
      image: 'agent:1',
      clusterName: 'c',
      endpoint: 'http://172.18.0.1:1',
      args: [],
      ...over,
    });
  const webhook = (over: object = {}) => installWebhook({ ...common(), image: 'webhook:1', ...over });
  const failure = async (made: Promise<unknown>): Promise<ClusterError> => {
    const error: unknown = await made.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(ClusterError);
    return error as ClusterError;
  };

  /** Adds an agent pod in this state to the cluster. */
  const agentPod = (containerStatuses: readonly object[], status: object = {}) =>
    api.objects.set(`/api/v1${SYSTEM}/pods/agent-x`, {
      metadata: { name: 'agent-x', labels: { 'pod-template-generation': '1' } },
      spec: { nodeName: 'node-1' },
      status: { phase: 'Pending', containerStatuses, ...status },
    });
  const waiting = (reason: string, message?: string, ended?: object) => [
    { name: 'main', state: { waiting: { reason, message } }, lastState: { terminated: ended } },
  ];

  beforeEach(() => {
    api = fakeApi();
    // Stands for controllers and kubelets: objects are ready at once, and the webhook knows its list.
    api.reconcile = (path, object) => {
      if (path === DAEMON_SET)
        object.status = { desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberAvailable: 1 };
      if (path === DEPLOYMENT) object.status = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    };
    api.respond = (method, path, body) => {
      if (method === 'POST' && path.endsWith('pods?dryRun=All'))
        return { spec: { containers: [{ env: api.objects.has(REGISTRATION) ? [credentialsVariable] : [] }] } };
      if (path === MUTATE) return review(known(), body as Review);
      return undefined;
    };
  });
  const credentialsVariable = {
    name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    value: 'http://169.254.170.23/v1/credentials',
  };
  const known = (): Identities =>
    JSON.parse((api.objects.get(CONFIG_MAP) as unknown as V1ConfigMap).data!['identities.json']!) as Identities;
  const review = ({ identities }: Identities, { request }: Review): object => ({
    response: identities.some(
      ({ namespace, serviceAccount }) =>
        namespace === request.namespace && serviceAccount === request.object.spec.serviceAccountName,
    )
      ? { patch: Buffer.from(JSON.stringify([{ value: credentialsVariable }])).toString('base64') }
      : {},
  });

  it('are installed and removed without leftovers', async () => {
    const [, installedAgent] = await Promise.all([webhook(), agent()]);
    expect(api.objects.size).to.equal(11);
    await installedAgent.remove();
    expect(api.objects.size).to.equal(10);
    await removeFromCluster(common().connection, common().run);
    expect(api.objects.size).to.equal(0);
  });

  it('register the webhook after its pod is ready, and remove the registration first', async () => {
    api.reconcile = (path, object) => {
      if (path === DEPLOYMENT) object.status = { replicas: 1, updatedReplicas: 1 };
    };
    let looks = 0;
    const { respond } = api;
    api.respond = (method, path, body) => {
      if (method === 'GET' && path === DEPLOYMENT && api.objects.has(DEPLOYMENT) && ++looks === 3) {
        expect(api.objects.has(REGISTRATION)).to.equal(false);
        Object.assign(api.objects.get(DEPLOYMENT)!.status!, { availableReplicas: 1 });
      }
      return respond(method, path, body);
    };
    await webhook();
    expect(api.objects.has(REGISTRATION)).to.equal(true);
    await removeFromCluster(common().connection, common().run);
    const deletions = api.calls.filter((call) => call.startsWith('DELETE'));
    expect(deletions[0]).to.equal(`DELETE ${REGISTRATION}`);
    expect(deletions).to.have.length(10);
  });

  it('accept an updated configuration', async () => {
    await agent();
    await agent({ args: ['--max-cache-size', '0'] });
    const stored = api.objects.get(DAEMON_SET) as unknown as V1DaemonSet;
    expect(stored.spec?.template.spec?.containers[0]?.args?.slice(-2)).to.deep.equal(['--max-cache-size', '0']);
  });

  it('are removed only for their own run, even if some objects are missing', async () => {
    await webhook();
    api.objects.delete(DEPLOYMENT);
    api.objects.set(DAEMON_SET, { metadata: { name: 'eks-pod-identity-agent', labels: {} } });
    await removeFromCluster(api, 'r2');
    expect(api.objects.size).to.equal(10);
    await removeFromCluster(api, 'r1');
    expect([...api.objects.keys()]).to.deep.equal([DAEMON_SET]);
  });

  it('are installed even if the API server is briefly unreachable', async () => {
    let away = true;
    api.respond = () => {
      if (!away) return undefined;
      away = false;
      throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
    };
    await agent();
    expect(api.objects.has(DAEMON_SET)).to.equal(true);
  });

  describe('reject a cluster', () => {
    const theirs = (labels: object) => ({ name: 'eks-pod-identity-agent', namespace: 'their-system', labels });
    const webhooks = [{ name: 'pod-identity-webhook.amazonaws.com' }];

    for (const [what, path, object, install, sentence] of [
      [
        'with an agent in another namespace',
        '/apis/apps/v1/namespaces/their-system/daemonsets/eks-pod-identity-agent',
        { metadata: theirs({}) },
        agent,
        'The cluster already has a Pod Identity agent, DaemonSet their-system/eks-pod-identity-agent. Name a cluster without one, or remove it first.',
      ],
      [
        'with a webhook under another name',
        REGISTRATION.replace(/[^/]*$/, 'theirs'),
        { metadata: { name: 'theirs' }, webhooks },
        webhook,
        'The cluster already has a Pod Identity webhook, MutatingWebhookConfiguration theirs. Name a cluster without one, or remove it first.',
      ],
      [
        "with a service account under the webhook's name",
        `/api/v1${SYSTEM}/serviceaccounts/pod-identity-webhook`,
        { metadata: { name: 'pod-identity-webhook', namespace: 'kube-system' } },
        webhook,
        'The cluster already has a Pod Identity webhook, ServiceAccount kube-system/pod-identity-webhook. Name a cluster without one, or remove it first.',
      ],
      [
        'that another run is using',
        DAEMON_SET,
        { metadata: { ...theirs({ 'conformance.eks-pod-identity/run': 'r0' }), namespace: 'kube-system' } },
        agent,
        'DaemonSet kube-system/eks-pod-identity-agent belongs to run r0. Wait for that run, or remove its leftovers with `npm run sweep`.',
      ],
    ] as const) {
      it(`${what}, without changing it`, async () => {
        api.objects.set(path, object);
        const { code, blame, message } = await failure(install());
        expect({ code, blame, message }).to.deep.equal({ code: 'NOT_OURS', blame: 'usage', message: sentence });
        expect(api.calls.filter((call) => !call.startsWith('GET'))).to.deep.equal([]);
      });
    }
  });

  describe('report why the agent does not start', () => {
    beforeEach(() => {
      api.reconcile = (path, object) => {
        if (path === DAEMON_SET) object.status = { desiredNumberScheduled: 1 };
      };
    });

    it('if a node lacks the image', async () => {
      agentPod(waiting('ErrImageNeverPull', 'Container image "agent:1" is not present with pull policy of Never'));
      const { code, message } = await failure(agent());
      expect(code).to.equal('IMAGE_MISSING');
      expect(message).to.include('agent:1 (--agent-image)').and.include('node node-1');
    });

    it('if the registry lacks the image', async () => {
      agentPod(waiting('ErrImagePull', 'failed to resolve reference "r.example/agent:1": not found'));
      expect((await failure(agent({ imageRemedy: 'check the registry' }))).message).to.include('check the registry');
    });

    it('but not if the next attempt to pull the image may succeed', async () => {
      agentPod(waiting('ErrImagePull', 'toomanyrequests: Rate exceeded'));
      let looks = 0;
      api.respond = (method, path) => {
        if (method !== 'GET' || !path.includes('/pods?') || ++looks !== 2) return undefined;
        agentPod([]);
        const ready = { desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberAvailable: 1 };
        api.objects.get(DAEMON_SET)!.status = ready;
        return undefined;
      };
      await agent({ imageRemedy: 'check the registry' });
      expect(looks).to.be.greaterThan(1);
      // kind nodes do not pull images, so a missing one stays missing.
      agentPod(waiting('ErrImagePull', 'toomanyrequests: Rate exceeded'));
      expect((await failure(agent())).code).to.equal('IMAGE_MISSING');
    });

    it('if the image lacks the program', async () => {
      agentPod(waiting('RunContainerError', 'exec: "/go-runner": stat /go-runner: no such file or directory'));
      const { code, message } = await failure(agent());
      expect(code).to.equal('IMAGE_BROKEN');
      expect(message).to.include('container main').and.include('/go-runner: no such file or directory.');
    });

    it('if the program exits, with its last error and tokens redacted', async () => {
      api.log = `{"level":"error","msg":"no use for eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"}\n`;
      agentPod(waiting('CrashLoopBackOff', 'back-off', { reason: 'Error', exitCode: 1 }));
      const { code, message } = await failure(agent());
      expect(code).to.equal('AGENT_NOT_READY');
      expect(message).to.match(/node node-1.*: no use for \[redacted\]\.$/);
    });

    it('if the init container fails, which is reported first', async () => {
      agentPod(waiting('PodInitializing'), {
        initContainerStatuses: [
          {
            name: 'init',
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 2 } },
          },
        ],
      });
      expect((await failure(agent())).message).to.match(/container init .*: it exited with code 2\.$/);
    });

    it('if it is not ready in time, with the state of its pods', async () => {
      agentPod(waiting('ContainerCreating'), {
        conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available.' }],
      });
      const { code, message } = await failure(agent({ readyMilliseconds: 300 }));
      expect(code).to.equal('AGENT_NOT_READY');
      expect(message).to.equal(
        'The Pod Identity agent was not ready within 0.3 s (--ready-timeout): pod agent-x on node node-1 is Pending: 0/1 nodes are available.',
      );
    });

    it('if no node accepts it', async () => {
      const { message } = await failure(agent({ readyMilliseconds: 300 }));
      expect(message).to.include('it has no pods, because no node accepts it');
    });

    it('but ignore pods that will be replaced and a slow container runtime', async () => {
      agentPod(waiting('CrashLoopBackOff'));
      api.objects.set(`/api/v1${SYSTEM}/pods/agent-y`, {
        metadata: { name: 'agent-y', labels: { 'pod-template-generation': '2' } },
        status: { containerStatuses: waiting('CreateContainerError', 'context deadline exceeded') },
      });
      api.reconcile = (path, object) => {
        if (path !== DAEMON_SET) return;
        object.metadata = { ...object.metadata, annotations: { 'deprecated.daemonset.template.generation': '2' } };
        object.status = { desiredNumberScheduled: 1 };
      };
      expect((await failure(agent({ readyMilliseconds: 300 }))).message).to.include('was not ready within 0.3 s');
    });
  });

  it('fail if the API server does not reach the webhook', async () => {
    const { respond } = api;
    api.respond = (method, path, body) =>
      path.endsWith('dryRun=All') ? { spec: { containers: [{}] } } : respond(method, path, body);
    const { code, message } = await failure(webhook({ readyMilliseconds: 500 }));
    expect(code).to.equal('WEBHOOK_NOT_READY');
    expect(message).to.include('service kube-system/pod-identity-webhook within 0.5 s');
  });

  it("reject with the signal's reason", async () => {
    api.reconcile = () => undefined;
    const interrupted = new AbortController();
    const made = agent({ signal: interrupted.signal }).catch(String);
    interrupted.abort(new Error('interrupted'));
    expect(await made).to.equal('Error: interrupted');
  });

  describe('setIdentities', () => {
    const identity = (serviceAccount: string) => ({ namespace: 'ns', serviceAccount });

    it('resolves once the webhook applies the list, even after failed calls', async () => {
      const installed = await webhook();
      api.objects.set(`/api/v1${SYSTEM}/pods/webhook-x`, { metadata: { name: 'webhook-x', annotations: {} } });
      let asked = 0;
      let inUse: Identities = { identities: [] };
      const { respond } = api;
      api.respond = (method, path, body) => {
        if (path !== MUTATE) return respond(method, path, body);
        asked += 1;
        if (asked === 1) throw new KubernetesError(503, 'ServiceUnavailable', 'no endpoints available');
        if (asked === 3) inUse = known();
        return review(inUse, body as Review);
      };
      await installed.setIdentities([identity('a'), identity('b')]);
      expect(asked).to.equal(3);
      expect(inUse.identities.slice(0, 2)).to.deep.equal([identity('a'), identity('b')]);
      expect(inUse.identities).to.have.length(3);
      expect(api.objects.get(`/api/v1${SYSTEM}/pods/webhook-x`)?.metadata.annotations).not.to.deep.equal({});
    });

    it('combines simultaneous calls', async () => {
      const installed = await webhook();
      const list = Array.from({ length: 60 }, (_, index) => identity(`sa${index}`));
      const before = api.calls.length;
      await Promise.all(list.map((_, index) => installed.setIdentities(list.slice(0, index + 1))));
      const writes = api.calls.slice(before).filter((call) => call === `PATCH ${CONFIG_MAP}`);
      expect(writes.length).to.be.lessThan(3);
      expect(known().identities.slice(0, -1)).to.deep.equal(list);
    });
  });
});
