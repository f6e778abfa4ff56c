import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1Role,
  V1ConfigMap,
  V1DaemonSet,
  V1Deployment,
  V1MutatingWebhookConfiguration,
  V1PodSpec,
  V1Secret,
} from '@kubernetes/client-node';
import { expect } from 'chai';
import { parseWebhookFlags } from '../../components/webhook/cli/flags.ts';
import { parseServerFlags } from '../../components/agent/cli/flags.ts';
import { agentDaemonSet, type AgentSpec } from './agent-manifest.ts';
import type { KubernetesObject } from './objects.ts';
import { MUTATE, webhookConfiguration, webhookObjects, WEBHOOK_HOSTS } from './webhook-manifest.ts';

const base: AgentSpec = {
  run: 'r1',
  region: 'us-west-2',
  image: 'agent:1',
  clusterName: 'r1-c1',
  endpoint: 'http://172.18.0.1:4000',
  args: [],
};
const daemonSet = (spec: Partial<AgentSpec> = {}) => agentDaemonSet({ ...base, ...spec }) as unknown as V1DaemonSet;
const podSpec = (spec: Partial<AgentSpec> = {}): V1PodSpec => daemonSet(spec).spec!.template.spec!;
const agentArgs = (spec: Partial<AgentSpec> = {}): string[] => podSpec(spec).containers[0]!.args!;

describe("the agent's DaemonSet", () => {
  it('runs on every EC2 node, in the host network and without a token', () => {
    const spec = podSpec();
    expect(spec).to.include({
      hostNetwork: true,
      automountServiceAccountToken: false,
      priorityClassName: 'system-node-critical',
      terminationGracePeriodSeconds: 30,
    });
    expect(spec.tolerations).to.deep.equal([{ operator: 'Exists' }]);
    const [term] = spec.affinity!.nodeAffinity!.requiredDuringSchedulingIgnoredDuringExecution!.nodeSelectorTerms;
    const expressions = term!.matchExpressions!.map(
      ({ key, operator, values }) => `${key} ${operator} ${values?.join()}`,
    );
    expect(expressions).to.deep.equal([
      'kubernetes.io/os In linux',
      'kubernetes.io/arch In amd64,arm64',
      'eks.amazonaws.com/compute-type NotIn fargate,hybrid,auto',
    ]);
  });

  it('has a token and a key folder with chart 0.2', () => {
    const { automountServiceAccountToken, volumes, containers } = podSpec({ chart: '0.2' });
    expect(automountServiceAccountToken).to.be.true;
    expect(volumes).to.deep.equal([{ name: 'jwk-cache', emptyDir: {} }]);
    expect(containers[0]?.volumeMounts).to.deep.equal([
      { name: 'jwk-cache', mountPath: '/var/lib/eks-pod-identity-agent' },
    ]);
    expect(podSpec().volumes).to.equal(undefined);
  });

  it('initializes the node in a privileged container, and serves with only the right to bind port 80', () => {
    const { initContainers, containers } = podSpec();
    expect(initContainers?.[0]).to.deep.include({
      command: ['/go-runner', '/eks-pod-identity-agent', 'initialize'],
      args: ['-v', 'trace'],
      securityContext: { privileged: true },
    });
    expect(containers[0]).to.deep.include({
      command: ['/go-runner', '/eks-pod-identity-agent', 'server'],
      securityContext: { capabilities: { add: ['CAP_NET_BIND_SERVICE'] } },
      env: [{ name: 'AWS_REGION', value: 'us-west-2' }],
    });
    expect(containers[0]?.livenessProbe).to.deep.equal({
      httpGet: { host: 'localhost', path: '/healthz', port: 'probes-port', scheme: 'HTTP' },
      failureThreshold: 3,
      initialDelaySeconds: 30,
      timeoutSeconds: 10,
    });
    // In the chart, a pod fails after 30 probes, ten seconds apart.
    const { failureThreshold = 0, periodSeconds = 0, httpGet } = containers[0]!.readinessProbe!;
    expect([failureThreshold * periodSeconds, httpGet?.path]).to.deep.equal([300, '/readyz']);
  });

  it("selects its pods by label and has the run's label", () => {
    const { metadata, spec } = daemonSet({ addonVersion: 'v1.3.10-eksbuild.3' });
    const labels = {
      'app.kubernetes.io/name': 'eks-pod-identity-agent',
      'app.kubernetes.io/instance': 'eks-pod-identity-agent',
    };
    expect(spec?.selector.matchLabels).to.deep.equal(labels);
    expect(spec?.template.metadata?.labels).to.deep.equal(labels);
    expect(metadata?.labels).to.include({
      ...labels,
      'conformance.eks-pod-identity/run': 'r1',
      'app.kubernetes.io/version': 'v1.3.10-eksbuild.3',
    });
  });

  it('has arguments that the agent parses to the intended settings', () => {
    expect(
      parseServerFlags(agentArgs({ args: ['--max-cache-size', '0'], bindHosts: ['169.254.170.23'] })),
    ).to.deep.include({
      clusterName: 'r1-c1',
      endpoint: 'http://172.18.0.1:4000',
      port: 80,
      probePort: 2703,
      maxCacheSize: 0,
      bindHosts: ['169.254.170.23'],
      verbosity: 'trace',
    });
  });

  it("replaces the chart's flags with the add-on's, and appends the user's", () => {
    const configurationValues = '{"agent":{"additionalArgs":{"-v":"info","--max-service-qps":"9"}}}';
    const args = agentArgs({ configurationValues, args: ['--max-service-qps', '5'] });
    expect(args.slice(-6)).to.deep.equal(['--max-service-qps', '9', '-v', 'info', '--max-service-qps', '5']);
    expect(parseServerFlags(args)).to.include({ verbosity: 'info', maxServiceQps: 5 });
  });

  for (const own of [['-b', '169.254.170.23'], ['--bind-hosts=[fd00:ec2::23]'], ['-b169.254.170.23']]) {
    it(`omits its own addresses if the user sets ${own.join(' ')}`, () => {
      const { bindHosts = [] } = parseServerFlags(agentArgs({ args: own, bindHosts: ['169.254.170.23'] }));
      expect(bindHosts).to.have.length(1);
    });
  }
});

describe("the webhook's objects", () => {
  const tls = { certificate: 'certificate', key: 'key' };
  const spec = {
    run: 'r1',
    region: 'eu-west-1',
    image: 'w:1',
  };
  const objects = webhookObjects({ ...spec, tls }, [{ namespace: 'a', serviceAccount: 'b' }]);
  const one = <T>(kind: string): T => objects.find((object) => object.kind === kind) as T;
  const pod = one<V1Deployment>('Deployment').spec!.template;
  const container = pod.spec!.containers[0]!;

  it("all have the run's label", () => {
    for (const { metadata } of [...objects, webhookConfiguration('r1', 'authority')])
      expect(metadata.labels).to.include({ 'conformance.eks-pod-identity/run': 'r1' });
  });

  it('have a command that the webhook parses to the intended settings', () => {
    const [program, ...args] = container.command!;
    expect(program).to.equal('/webhook');
    expect(parseWebhookFlags(args)).to.include({
      'in-cluster': false,
      namespace: 'kube-system',
      'aws-default-region': 'eu-west-1',
      'sts-regional-endpoint': true,
      'watch-config-map': true,
      'token-audience': 'sts.amazonaws.com',
    });
  });

  it('mount the certificate and the list at the paths in the command', () => {
    const flags = parseWebhookFlags(container.command!.slice(1));
    const mounts = new Map(container.volumeMounts!.map(({ name, mountPath }) => [name, mountPath]));
    const volumes = new Map(pod.spec!.volumes!.map((volume) => [volume.name, volume]));
    const secret = one<V1Secret>('Secret');
    const configMap = one<V1ConfigMap>('ConfigMap');
    expect(flags['tls-cert']).to.equal(`${mounts.get('cert')}/tls.crt`);
    expect(Object.keys(secret.stringData!)).to.deep.equal(['tls.crt', 'tls.key']);
    expect(volumes.get('cert')?.secret?.secretName).to.equal(secret.metadata?.name);
    const [[file, content] = []] = Object.entries(configMap.data!);
    expect(flags['watch-container-credentials-config']).to.equal(`${mounts.get('identities')}/${file}`);
    expect(volumes.get('identities')?.projected?.sources?.[0]?.configMap?.name).to.equal(configMap.metadata?.name);
    expect(JSON.parse(content!)).to.deep.equal({
      identities: [{ namespace: 'a', serviceAccount: 'b' }],
    });
  });

  it("let the webhook read only service accounts, and its own namespace's config maps", () => {
    expect(one<V1ClusterRole>('ClusterRole').rules).to.deep.equal([
      { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get', 'watch', 'list'] },
    ]);
    expect(one<V1Role>('Role')).to.deep.include({
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'watch', 'list'] }],
    });
    for (const kind of ['Role', 'RoleBinding'])
      expect(one<KubernetesObject>(kind).metadata.namespace).to.equal('kube-system');
    const { name } = one<KubernetesObject>('ServiceAccount').metadata;
    expect(one<V1ClusterRoleBinding>('ClusterRoleBinding').subjects?.[0]).to.include({
      name,
      namespace: 'kube-system',
    });
    expect(pod.spec?.serviceAccountName).to.equal(name);
  });

  it("are registered to fail open for every pod without the opt-out label, which the webhook's own pods have", () => {
    const { webhooks } = webhookConfiguration('r1', 'authority') as unknown as V1MutatingWebhookConfiguration;
    const { clientConfig, failurePolicy, name, objectSelector, namespaceSelector } = webhooks![0]!;
    expect({ failurePolicy, name, namespaceSelector }).to.deep.equal({
      failurePolicy: 'Ignore',
      name: 'iam-for-pods.amazonaws.com',
      namespaceSelector: {},
    });
    expect(Buffer.from(clientConfig.caBundle!, 'base64').toString()).to.equal('authority');
    expect(objectSelector?.matchExpressions).to.deep.equal([
      { key: 'eks.amazonaws.com/skip-pod-identity-webhook', operator: 'DoesNotExist' },
    ]);
    expect(pod.metadata?.labels).to.have.property('eks.amazonaws.com/skip-pod-identity-webhook');
    const service = clientConfig.service!;
    expect(WEBHOOK_HOSTS).to.include(`${service.name}.${service.namespace}.svc`);
    expect(MUTATE).to.equal(
      `/api/v1/namespaces/${service.namespace}/services/https:${service.name}:${service.port}/proxy${service.path}`,
    );
    expect(one<KubernetesObject>('Service')).to.deep.include({
      spec: { selector: { app: service.name }, ports: [{ port: 443, targetPort: 443 }] },
    });
    expect(pod.metadata?.labels?.['app']).to.equal(service.name);
  });

  it('replace the pods when the certificate changes', () => {
    const other = webhookObjects({ ...spec, tls: { ...tls, certificate: 'renewed' } }, []).at(
      -1,
    ) as unknown as V1Deployment;
    expect(other.spec?.template.metadata?.annotations).not.to.deep.equal(pod.metadata?.annotations);
  });
});
