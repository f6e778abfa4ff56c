/** Webhooks that cannot be reached, or have not yet seen a service account. */
import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { expect } from 'chai';
import {
  admitPod,
  check,
  createAssociationFor,
  cutWebhook,
  fetchCredentials,
  granted,
  irsaRole,
  isAbsent,
  matching,
  podIdentityRole,
  refused,
  startPod,
  succeeds,
  suite,
  whoAmI,
  type CheckContext,
} from '../../harness/index.ts';
import { NOT_INJECTED } from '../lib/outcomes.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { admitted } from './lib/admitted.ts';
import { POD, post, review } from './lib/reviews.ts';

const podOf = (serviceAccountName: string) => ({ ...POD, spec: { ...POD.spec, serviceAccountName } });

suite('webhook', ({ scenario }) => {
  scenario('WH-18', 'if the webhook cannot be reached, pods start without credentials and without an error', {
    keywords: ['webhook missing', 'webhook unavailable'],
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
      refused('app', fetchCredentials(), NOT_INJECTED),
    ],
  });

  scenario('WH-18b', 'pods act as the node if the caBundle of the webhook configuration is outdated', {
    keywords: ['webhook missing', 'expired certificate'],
    source:
      'Kubernetes documentation, "Dynamic Admission Control", clientConfig.caBundle; eks-pod-identity-agent, issue 153',
    finding:
      "A webhook configuration whose caBundle does not match the webhook's certificate injects nothing and reports no error: pods that reach instance metadata then act as the node's role.",
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', imds: 'reachable', starts: 'later' } },
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      cutWebhook({ by: 'ca' }),
      succeeds(admitPod('app'), { injected: 'none', label: isAbsent }),
      startPod('app'),
      refused('app', fetchCredentials(), NOT_INJECTED),
      granted('app', whoAmI(), { as: 'node' }),
    ],
  });

  scenario('WH-20', 'an association applies although the webhook has not yet seen the service account', {
    source: `${WEBHOOK_HANDLER}: container credentials are looked up by name; webhook issue 174`,
    roles: ASSOCIATED.roles,
    workloads: { app: {} },
    probes: [
      succeeds(createAssociationFor('app/unseen', { role: 'app' }, { name: 'unseen' })),
      // For an unknown account, flags and annotations do not apply.
      succeeds(post(review(podOf('unseen'))), {
        patched: true,
        patch: matching(/^(?!.*AWS_STS_REGIONAL)(?=.*"expirationSeconds":(79[2-9]\d\d|8[0-6]\d{3}),)/),
      }),
      check('an association takes precedence over a new annotation', async (context) => {
        await write(context, 'unseen', 'POST', { annotations: annotationsOf('late') });
        expect(await mechanismsFor(context, 'unseen')).to.deep.equal(['AWS_CONTAINER_CREDENTIALS_FULL_URI']);
      }),
      // The association is for another namespace; both names are equal when joined by a dash.
      succeeds(createAssociationFor('app/app', { role: 'app' }, { namespaceSuffix: '-more', name: 'more' })),
      succeeds(post(review(podOf('more-app'))), { patched: false }),
      // If there is no association and no service account, the webhook changes nothing and allows the pod.
      succeeds(post(review(podOf('nobody'))), { patched: false }),
    ],
  });

  scenario('WH-42', 'a pod that is created with a change of its service account has the settings of one version', {
    keywords: ['late cache', 'race'],
    source:
      'amazon-eks-pod-identity-webhook, pkg/cache: service accounts come from a watch; Kubernetes API Concepts, "Efficient detection of changes"',
    finding:
      'The webhook sees a service account late. A pod that is created right after a change may keep the settings from before for its whole life: wait, or restart it.',
    roles: { web: irsaRole('app/both'), app: podIdentityRole() },
    workloads: { app: {}, both: { serviceAccount: 'both', irsa: 'web' } },
    probes: [
      // The first pod of each round is created without a pause.
      check('annotations appear, change and disappear', async (context) => {
        const [one, two] = ['one', 'two'].map(annotationsOf);
        for (const round of [1, 2, 3, 4, 5]) {
          const account = `late-${round}`;
          for (const [change, annotations, allowed] of [
            ['new', one, ['', 'one']],
            ['changed', two, ['', 'one', 'two']],
            ['removed', annotationsOf(null), ['two', '']],
          ] as const) {
            await write(context, account, change === 'new' ? 'POST' : 'PATCH', { annotations });
            const latest = allowed.at(-1);
            expect(await versionFor(context, account), `${account}: ${change}, at once`).to.be.oneOf(allowed);
            const last = await context.eventually(
              () => versionFor(context, account),
              (version) => version === latest,
            );
            expect(last, `${account}: ${change}, in the end`).to.equal(latest);
          }
        }
      }),
      succeeds(createAssociationFor('app/both', { role: 'app' }, { name: 'both' })),
      check('a new association replaces the annotation, and never adds to it', async (context) => {
        const mechanisms = () => mechanismsFor(context, 'both');
        const isDecided = (names: readonly string[]): boolean => names.length !== 1 || names[0] !== 'AWS_ROLE_ARN';
        expect(await context.eventually(mechanisms, isDecided)).to.deep.equal(['AWS_CONTAINER_CREDENTIALS_FULL_URI']);
      }),
    ],
  });

  scenario('WH-43', 'pods also get their settings if the API server sends only reviews of version v1', {
    keywords: ['admissionReviewVersions'],
    source:
      'Kubernetes documentation, "Dynamic Admission Control", response: apiVersion and kind are required in v1; amazon-eks-pod-identity-webhook, pull request 310',
    finding:
      'The webhook up to 0.6.17 answers without apiVersion and kind. Registered with admissionReviewVersions [v1], the API server ignores its answers, and pods start without settings. Register it with v1beta1.',
    needs: ['webhook-endpoint'],
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      check('a second registration, for pods that the first one skips', async (context) => {
        const { kubernetes, name, eventually } = context;
        const { body } = await kubernetes({ path: `${REGISTRATIONS}/pod-identity-webhook` });
        const [webhook] = (JSON.parse(body) as V1MutatingWebhookConfiguration).webhooks ?? [];
        const own = name('<namespace:app>');
        const second = {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'MutatingWebhookConfiguration',
          metadata: { name: own },
          webhooks: [
            {
              ...webhook,
              admissionReviewVersions: ['v1'],
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': own } },
              objectSelector: {},
            },
          ],
        };
        const labels = { 'eks.amazonaws.com/skip-pod-identity-webhook': '' };
        const isInjected = async () =>
          JSON.stringify((await admitted(context, 'app', { metadata: { labels } })).spec).includes(
            'AWS_CONTAINER_CREDENTIALS_FULL_URI',
          );
        expect(await isInjected(), 'settings without the second registration').to.equal(false);
        const { status, body: answer } = await kubernetes({ method: 'POST', path: REGISTRATIONS, body: second });
        expect(status, answer).to.equal(201);
        try {
          expect(await eventually(isInjected, (injected) => injected), 'settings from a v1 review').to.equal(true);
        } finally {
          await kubernetes({ method: 'DELETE', path: `${REGISTRATIONS}/${own}` });
        }
      }),
    ],
  });
});

const REGISTRATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

const annotationsOf = (version: string | null) => ({
  'eks.amazonaws.com/role-arn': version && `arn:aws:iam::111122223333:role/${version}`,
  'eks.amazonaws.com/audience': version && `${version}.example.com`,
});

const ACCOUNTS = '/api/v1/namespaces/<namespace:app>/serviceaccounts';

async function write({ kubernetes, name }: CheckContext, account: string, method: 'POST' | 'PATCH', metadata: object) {
  const path = name(method === 'POST' ? ACCOUNTS : `${ACCOUNTS}/${account}`);
  const headers = { 'content-type': method === 'POST' ? 'application/json' : 'application/merge-patch+json' };
  const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, ...metadata } };
  const { status, body: text } = await kubernetes({ method, path, headers, body });
  expect(status, text).to.be.oneOf([200, 201]);
}

/** Returns the version of the annotations that a pod's settings are from, or an empty string without settings. */
async function versionFor(context: CheckContext, account: string): Promise<string> {
  const { spec } = await admitted(context, account);
  const role = spec?.containers[0]?.env?.find(({ name }) => name === 'AWS_ROLE_ARN')?.value?.split('/')[1] ?? '';
  const sources = spec?.volumes?.find(({ name }) => name === 'aws-iam-token')?.projected?.sources ?? [];
  const audience = sources[0]?.serviceAccountToken?.audience?.split('.')[0] ?? '';
  expect(audience, 'the version of the audience, like that of the role').to.equal(role);
  return role;
}

/** Returns the variables of a pod that name an identity. */
async function mechanismsFor(context: CheckContext, account: string): Promise<readonly string[]> {
  const env = (await admitted(context, account)).spec?.containers[0]?.env ?? [];
  return ['AWS_ROLE_ARN', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'].filter((name) => env.some((v) => v.name === name));
}
