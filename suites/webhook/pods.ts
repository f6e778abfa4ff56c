/** When the webhook changes pods: only at their creation, regardless of the creator. */
import type { V1Container, V1Pod, V1PodList, V1PodSpec } from '@kubernetes/client-node';
import { expect } from 'chai';
import { admitPod, check, createAssociation, irsaRole, podIdentityRole, succeeds, suite } from '../../harness/index.ts';
import { admitted } from './lib/admitted.ts';

const PODS = '/api/v1/namespaces/<namespace:app>/pods';
/** Returns a specification of pods that never start. */
const waiting = (serviceAccountName: string) => ({
  serviceAccountName,
  schedulingGates: [{ name: 'example.com/never' }],
  containers: [{ name: 'app', image: 'example.com/app:1' }],
});

suite('webhook', ({ scenario }) => {
  scenario('WH-36', 'the webhook does not change an existing pod, even when the pod is updated', {
    source:
      'amazon-eks-pod-identity-webhook, deploy/mutatingwebhook.yaml: operations CREATE; Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account": recreate the pods',
    roles: { app: podIdentityRole() },
    workloads: { app: {} },
    probes: [
      check('a pod is created, and waits for a gate', async ({ kubernetes, name }) => {
        const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'waits' }, spec: waiting('app') };
        const { status } = await kubernetes({ method: 'POST', path: name(PODS), body });
        expect(status).to.be.oneOf([201, 409]);
      }),
      createAssociation('app', 'app'),
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      check('the pod is updated, and gets no settings', async ({ kubernetes, name }) => {
        const answer = await kubernetes({
          method: 'PATCH',
          path: name(`${PODS}/waits`),
          body: { metadata: { labels: { team: 'payments' } } },
          headers: { 'content-type': 'application/merge-patch+json' },
        });
        expect(answer.status).to.equal(200);
        const { metadata, spec } = JSON.parse(answer.body) as V1Pod;
        expect(metadata?.labels).to.deep.equal({ team: 'payments' });
        expect(spec?.containers[0]?.env ?? []).to.deep.equal([]);
      }),
    ],
  });

  scenario('WH-37', 'the webhook changes pods of a Deployment or a Job like any other', {
    source:
      'Kubernetes documentation, "Dynamic Admission Control": admission applies to all requests; Amazon EKS User Guide, "Configure Pods to use a Kubernetes service account"',
    roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
    workloads: { pi: { serviceAccount: 'pi', role: 'pi' }, web: { serviceAccount: 'web', irsa: 'web' } },
    probes: [
      succeeds(admitPod('pi'), { injected: 'pod-identity' }),
      succeeds(admitPod('web'), { injected: 'irsa' }),
      check('the pods have the settings', async ({ kubernetes, name, eventually }) => {
        for (const [group, resource, kind, account, variable] of [
          ['apps', 'deployments', 'Deployment', 'pi', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'],
          ['batch', 'jobs', 'Job', 'web', 'AWS_ROLE_ARN'],
        ] as const) {
          const labels = { 'made-by': resource };
          const annotations = { 'eks.amazonaws.com/token-expiration': '7200' };
          const template = { metadata: { labels, annotations }, spec: waiting(account) };
          const spec =
            kind === 'Job'
              ? { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } }
              : { selector: { matchLabels: labels }, template };
          const path = name(`/apis/${group}/v1/namespaces/<namespace:app>/${resource}`);
          const body = { apiVersion: `${group}/v1`, kind, metadata: { name: 'makes' }, spec };
          expect((await kubernetes({ method: 'POST', path, body })).status, kind).to.be.oneOf([201, 409]);
          const look = async () => {
            const { body: list } = await kubernetes({ path: name(`${PODS}?labelSelector=made-by=${resource}`) });
            return (JSON.parse(list) as V1PodList).items;
          };
          const [pod] = await eventually(look, (pods) => pods.length > 0);
          if (pod === undefined) throw new Error(`Timed out: the ${kind} has created no pod.`);
          expect(pod.metadata?.labels, kind).to.include(labels);
          expect(pod.metadata?.annotations, kind).to.include(annotations);
          expect(
            pod.spec?.containers[0]?.env?.map((one) => one.name),
            kind,
          ).to.include(variable);
        }
      }),
    ],
  });

  scenario('WH-39', 'a pod with settings keeps every other field, in its order', {
    source:
      'amazon-eks-pod-identity-webhook, pkg/handler: patches of containers and volumes; Kubernetes API Reference, Pod',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, plain: { serviceAccount: 'plain' } },
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      check('only the settings differ from a pod without them', async (context) => {
        const metadata = { name: 'whole', labels: { team: 'red' }, annotations: { note: 'kept' } };
        const whole = (account: string): Promise<V1Pod> => admitted(context, account, { metadata, spec: WHOLE });
        const [injected, plain] = [await whole('app'), await whole('plain')];
        expect(JSON.stringify(injected), 'settings').to.contain('AWS_CONTAINER_CREDENTIALS_FULL_URI');
        expect(withoutSettings(injected)).to.deep.equal(withoutSettings(plain));
        // A sidecar without its restart policy would block the pod's start.
        expect(injected.spec?.initContainers?.map(({ restartPolicy }) => restartPolicy)).to.deep.equal([
          'Always',
          undefined,
        ]);
      }),
    ],
  });
});

/** A specification with fields that typed clients of older versions lose, and lists whose order matters. */
const WHOLE = {
  schedulingGates: [{ name: 'example.com/never' }],
  os: { name: 'linux' },
  enableServiceLinks: false,
  shareProcessNamespace: true,
  terminationGracePeriodSeconds: 7,
  activeDeadlineSeconds: 600,
  hostAliases: [{ ip: '192.0.2.1', hostnames: ['b.example.com', 'a.example.com'] }],
  dnsConfig: { options: [{ name: 'ndots', value: '2' }] },
  readinessGates: [{ conditionType: 'example.com/ready' }],
  tolerations: [{ key: 'example.com/z', operator: 'Exists' }],
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { team: 'red' } },
      matchLabelKeys: ['pod-template-hash'],
    },
  ],
  securityContext: { fsGroup: 2000, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } },
  volumes: [
    { name: 'z', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    { name: 'a', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  ],
  initContainers: [
    { name: 'sidecar', image: 'example.com/app:1', restartPolicy: 'Always' },
    { name: 'first', image: 'example.com/app:1', env: [{ name: 'Z', value: 'z' }] },
  ],
  containers: ['z', 'a', 'm'].map((container) => ({
    name: container,
    image: 'example.com/app:1',
    resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }],
    resources: { requests: { cpu: '1m' }, limits: { memory: '32Mi' } },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    startupProbe: { grpc: { port: 9000, service: 'health' } },
    lifecycle: { preStop: { sleep: { seconds: 1 } } },
    env: [
      { name: 'Z', value: '$(Y)' },
      { name: 'Y', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    volumeMounts: [
      { name: 'z', mountPath: '/z', recursiveReadOnly: 'Disabled', readOnly: true },
      { name: 'a', mountPath: '/a', subPathExpr: '$(Y)' },
    ],
  })),
};

const isSetting = ({ name }: { readonly name: string }): boolean => /^AWS_|^eks-pod-identity-token$/.test(name);
/** The volume has a random suffix. */
const isApiToken = ({ name }: { readonly name: string }): boolean => name.startsWith('kube-api-access-');

/** Returns a pod's labels, annotations and specification without the webhook's additions and names that differ from pod to pod. */
function withoutSettings({ metadata, spec }: V1Pod): object {
  const withoutAdditions = <T extends { readonly name: string }>(list: readonly T[] | undefined): readonly T[] =>
    (list ?? []).filter((one) => !isSetting(one) && !isApiToken(one));
  const { serviceAccount: _account, serviceAccountName: _name, ...rest }: Partial<V1PodSpec> = spec ?? {};
  const container = ({ env, volumeMounts, ...one }: V1Container) => ({
    ...one,
    env: withoutAdditions(env),
    volumeMounts: withoutAdditions(volumeMounts),
  });
  const labels = Object.entries(metadata?.labels ?? {}).filter(([label]) => !label.includes('eks.amazonaws.com'));
  return {
    labels: Object.fromEntries(labels),
    annotations: metadata?.annotations,
    ...rest,
    volumes: withoutAdditions(rest.volumes),
    initContainers: rest.initContainers?.map(container),
    containers: rest.containers?.map(container),
  };
}
