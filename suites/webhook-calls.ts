import {
  admitPod,
  cutWebhook,
  fails,
  fetchCredentials,
  isAbsent,
  podIdentityRole,
  postToWebhook,
  refused,
  startPod,
  succeeds,
  suite,
} from '../harness/index.ts';

const HANDLER = 'amazon-eks-pod-identity-webhook source, pkg/handler/handler.go';

/** The world of nearly all scenarios here: one service account with an association; pods are only admitted, not run. */
const ASSOCIATED = { roles: { app: podIdentityRole() }, workloads: { app: { role: 'app' } } } as const;
const IMAGE = 'example.com/app:1';

/** An admission review for a pod of `<namespace:app>/app`, as the API server posts it. */
const review = (apiVersion: string, pod: object): string =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion,
    request: {
      uid: '0d5c1a52-7d1a-4d2e-9d53-6a0a8c0c1f11',
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
          uid: '0d5c1a52-7d1a-4d2e-9d53-6a0a8c0c1f11',
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
      succeeds(admitPod('app', { metadata: { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' } } }), {
        injected: 'none',
        'podIdentityVolume.present': false,
        label: isAbsent,
      }),
    ],
  });
});
