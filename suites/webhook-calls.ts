import {
  admitPod,
  createAssociationFor,
  cutWebhook,
  fails,
  fetchCredentials,
  granted,
  isAbsent,
  matching,
  postToWebhook,
  refused,
  startPod,
  succeeds,
  suite,
  whoAmI,
} from '../harness/index.ts';
import { ASSOCIATED, IMAGE } from './lib/worlds.ts';

const HANDLER = 'amazon-eks-pod-identity-webhook source, pkg/handler/handler.go';

const JSON_TYPE = 'application/json';
const UID = '0d5c1a52-7d1a-4d2e-9d53-6a0a8c0c1f11';

/** An admission review for a pod of `<namespace:app>/app`, as the API server posts it. */
const review = (apiVersion: string, pod: object): string =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion,
    request: {
      uid: UID,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: '<namespace:app>',
      operation: 'CREATE',
      object: pod,
    },
  });
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app', namespace: '<namespace:app>' },
  spec: { serviceAccountName: 'app', containers: [{ name: 'app', image: IMAGE }] },
};

const podOf = (serviceAccountName: string) => ({ ...POD, spec: { ...POD.spec, serviceAccountName } });

suite('webhook', ({ scenario }) => {
  scenario('WH-09', 'ephemeral containers are left as they are', {
    source: HANDLER + ', paths of the patch',
    ...ASSOCIATED,
    probes: [
      succeeds(
        postToWebhook(
          'application/json',
          review('admission.k8s.io/v1', {
            ...POD,
            spec: { ...POD.spec, ephemeralContainers: [{ name: 'debugger', image: IMAGE }] },
          }),
        ),
        { patchPaths: '/metadata/labels,/spec/volumes,/spec/containers' },
      ),
    ],
  });

  scenario('WH-15', 'the webhook takes nothing but JSON', {
    source: HANDLER + ', Handle',
    ...ASSOCIATED,
    probes: [
      succeeds(postToWebhook('application/json', review('admission.k8s.io/v1', POD)), { patched: true }),
      fails(postToWebhook('text/plain', review('admission.k8s.io/v1', POD)), {
        by: 'webhook',
        code: '415',
        status: 415,
        message: 'Invalid Content-Type, expected `application/json`',
      }),
    ],
  });

  scenario('WH-16', 'a review without a request is not allowed', {
    source: HANDLER + ', Handle',
    ...ASSOCIATED,
    probes: [
      succeeds(postToWebhook('application/json', review('admission.k8s.io/v1', POD)), { allowed: true }),
      fails(
        postToWebhook(
          'application/json',
          JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' }),
        ),
        { by: 'webhook', code: 'NotAllowed', status: 200, message: 'bad content' },
      ),
    ],
  });

  scenario('WH-17', "the answer is of the review's version and repeats its uid", {
    source: 'Kubernetes documentation, "Dynamic Admission Control", response',
    ...ASSOCIATED,
    probes: [
      ...(['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'] as const).map((apiVersion) =>
        succeeds(postToWebhook('application/json', review(apiVersion, POD)), {
          apiVersion,
          uid: UID,
          patched: true,
        }),
      ),
    ],
  });

  scenario('WH-18', 'when the webhook cannot be reached, pods start without credentials and nobody is told', {
    source: 'Kubernetes documentation, "Dynamic Admission Control", failure policy; eks-pod-identity-agent, issue 153',
    finding:
      'The webhook fails open: a pod that is created while it cannot be reached has no credentials settings for its whole life. Watch for pods without the label eks.amazonaws.com/pod-identity.',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', starts: 'later' } },
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      cutWebhook(),
      succeeds(admitPod('app'), { injected: 'none', label: isAbsent }),
      startPod('app'),
      refused('app', fetchCredentials(), { by: 'injection', code: 'NoCredentialsSettings' }),
    ],
  });

  scenario('WH-19', 'a pod that asks the webhook to skip it gets nothing', {
    profile: 'core',
    source: 'amazon-eks-pod-identity-webhook, deploy/mutatingwebhook.yaml, objectSelector',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      // Whatever its value: the label is what counts.
      ...['true', 'false', ''].map((value) =>
        succeeds(admitPod('app', { metadata: { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': value } } }), {
          injected: 'none',
          'podIdentityVolume.present': false,
          label: isAbsent,
        }),
      ),
    ],
  });

  scenario(
    'WH-18b',
    'a certificate authority that was left behind keeps the webhook from pods, which act as the node',
    {
      source:
        'Kubernetes documentation, "Dynamic Admission Control", clientConfig.caBundle; eks-pod-identity-agent, issue 153',
      finding:
        "A webhook configuration whose caBundle is not that of the webhook's certificate injects nothing and tells nobody: pods that reach instance metadata then act as the node's role.",
      roles: ASSOCIATED.roles,
      workloads: { app: { role: 'app', imds: 'reachable', starts: 'later' } },
      probes: [
        succeeds(admitPod('app'), { injected: 'pod-identity' }),
        cutWebhook({ by: 'ca' }),
        succeeds(admitPod('app'), { injected: 'none', label: isAbsent }),
        startPod('app'),
        refused('app', fetchCredentials(), { by: 'injection', code: 'NoCredentialsSettings' }),
        granted('app', whoAmI(), { as: 'node' }),
      ],
    },
  );

  scenario('WH-20', 'an association counts though the webhook has not seen the service account yet', {
    source: `${HANDLER}: container credentials are looked up by name; webhook issue 174`,
    roles: ASSOCIATED.roles,
    probes: [
      succeeds(createAssociationFor('app/unseen', { role: 'app' }, { name: 'unseen' })),
      // Of an account that it does not know, no flag and no annotation counts.
      succeeds(postToWebhook(JSON_TYPE, review('admission.k8s.io/v1', podOf('unseen'))), {
        patched: true,
        patch: matching(/^(?!.*AWS_STS_REGIONAL)(?=.*"expirationSeconds":(79[2-9]\d\d|8[0-6]\d{3}),)/),
      }),
      // Of another namespace, whose name and account's are the same when a dash joins them.
      succeeds(createAssociationFor('app/app', { role: 'app' }, { namespaceSuffix: '-more', name: 'more' })),
      succeeds(postToWebhook(JSON_TYPE, review('admission.k8s.io/v1', podOf('more-app'))), { patched: false }),
      // Neither association nor account: nothing to do, and no reason to refuse.
      succeeds(postToWebhook(JSON_TYPE, review('admission.k8s.io/v1', podOf('nobody'))), { patched: false }),
    ],
  });

  scenario('WH-28', 'a patch adds what is missing, each at its place', {
    source: HANDLER + ', paths of the patch',
    ...ASSOCIATED,
    probes: [
      succeeds(
        postToWebhook(
          JSON_TYPE,
          review('admission.k8s.io/v1', {
            ...POD,
            metadata: { ...POD.metadata, labels: { team: 'payments' } },
            spec: {
              ...POD.spec,
              volumes: [{ name: 'data', emptyDir: {} }],
              initContainers: [{ name: 'prepare', image: IMAGE }],
            },
          }),
        ),
        {
          patchPaths:
            '/metadata/labels/eks.amazonaws.com~1pod-identity,/spec/volumes/0,/spec/containers,/spec/initContainers',
        },
      ),
      succeeds(admitPod('app', { metadata: { labels: { 'eks.amazonaws.com/pod-identity': 'disabled' } } }), {
        label: 'enabled',
      }),
      // As much as a pod's annotations may be.
      succeeds(
        postToWebhook(
          JSON_TYPE,
          review('admission.k8s.io/v1', {
            ...POD,
            metadata: { ...POD.metadata, annotations: { 'example.com/note': 'x'.repeat(250_000) } },
          }),
        ),
        { patchPaths: '/metadata/labels,/spec/volumes,/spec/containers' },
      ),
    ],
  });

  scenario('WH-29', 'what cannot be read is not allowed, and its review is answered', {
    source: HANDLER + ', Handle; webhook tests, TestModifierHandler',
    ...ASSOCIATED,
    probes: [
      succeeds(postToWebhook(JSON_TYPE, review('admission.k8s.io/v1', POD)), { allowed: true }),
      fails(postToWebhook(JSON_TYPE, review('admission.k8s.io/v1', { ...POD, spec: { containers: 'none' } })), {
        by: 'webhook',
        code: 'NotAllowed',
        status: 200,
        message: 'cannot unmarshal string',
        facts: { uid: UID, patched: false },
      }),
      fails(postToWebhook(JSON_TYPE, '{"kind":'), { by: 'webhook', code: 'NotAllowed', status: 200 }),
      fails(postToWebhook('application/json; charset=utf-8', review('admission.k8s.io/v1', POD)), {
        by: 'webhook',
        code: '415',
        status: 415,
      }),
    ],
  });
});
