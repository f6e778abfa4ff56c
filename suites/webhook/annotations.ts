/** Annotations of service accounts and pods for the other mechanism, and lists of containers to skip. */
import { admitPod, annotateServiceAccount, isAbsent, succeeds, suite } from '../../harness/index.ts';
import { WEBHOOK, WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED, IMAGE } from '../lib/worlds.ts';
import { annotated, BOTH_WAYS, labelled } from './lib/both-ways.ts';
import { POD_IDENTITY_ENV, STS_ENDPOINTS } from './lib/settings.ts';

/** Expects these settings in a pod that asks to skip these containers. */
const skipping = (like: string, list: string, facts: Parameters<typeof succeeds>[1]) =>
  succeeds(admitPod(like, annotated('skip-containers', list)), facts);
const CACHE = 'amazon-eks-pod-identity-webhook source, pkg/cache/cache.go';

suite('webhook', ({ scenario }) => {
  scenario('WH-19', 'a pod with the label to skip the webhook gets no settings', {
    profile: 'core',
    source: 'amazon-eks-pod-identity-webhook, deploy/mutatingwebhook.yaml, objectSelector',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      // Any value of the label counts.
      ...['true', 'false', ''].map((value) =>
        succeeds(admitPod('app', labelled({ 'eks.amazonaws.com/skip-pod-identity-webhook': value })), {
          injected: 'none',
          'podIdentityVolume.present': false,
          label: isAbsent,
        }),
      ),
    ],
  });

  scenario('WH-07', 'containers named in skip-containers get no settings', {
    profile: 'core',
    source: WEBHOOK + ', annotation skip-containers',
    ...ASSOCIATED,
    probes: [
      succeeds(
        admitPod('app', {
          ...annotated('skip-containers', 'proxy,prepare'),
          spec: {
            initContainers: [{ name: 'prepare', image: IMAGE }],
            containers: [
              { name: 'app', image: IMAGE },
              { name: 'proxy', image: IMAGE },
            ],
          },
        }),
        {
          injected: 'pod-identity',
          'app.envNames': POD_IDENTITY_ENV.join(),
          'proxy.envNames': '',
          'proxy.mount': isAbsent,
          'prepare.envNames': '',
          'prepare.mount': isAbsent,
        },
      ),
    ],
  });

  scenario('WH-25', 'skip-containers is a CSV list of exact names', {
    source: `${WEBHOOK}, annotation skip-containers; ${WEBHOOK_HANDLER}: CSV`,
    roles: BOTH_WAYS.roles,
    workloads: {
      pi: BOTH_WAYS.workloads.pi,
      // The annotation only works on pods.
      web: { ...BOTH_WAYS.workloads.web, serviceAccountAnnotations: { 'skip-containers': 'app' } },
    },
    probes: [
      // The last four are not CSV. They name no container, not even before the error.
      ...['other', 'application', '"unfinished', 'app,"unfinished', 'app,other"', '"app"x,other'].map((list) =>
        skipping('pi', list, { injected: 'pod-identity' }),
      ),
      skipping('pi', 'app', { injected: 'none', 'podIdentityVolume.present': true, label: 'enabled' }),
      // The pod gets the volume for containers that are not skipped.
      skipping('web', 'other,app', { injected: 'none', 'app.mount': isAbsent, 'irsaVolume.present': true }),
      skipping('web', '"app","other"', { injected: 'none' }),
      // Only the first line that is not empty counts.
      skipping('web', '\nother,app\n', { injected: 'none' }),
      succeeds(admitPod('web'), { injected: 'irsa' }),
      skipping('web', 'other\napp', { injected: 'irsa' }),
      // A space is part of the name.
      skipping('web', 'other, app', { injected: 'irsa' }),
    ],
  });

  scenario('WH-27', 'the STS annotation of a service account applies to Pod Identity, the audience does not', {
    source: `${WEBHOOK}, annotations; ${CACHE}`,
    roles: BOTH_WAYS.roles,
    workloads: {
      pi: { ...BOTH_WAYS.workloads.pi, serviceAccountAnnotations: { audience: 'vault.example.com' } },
      web: BOTH_WAYS.workloads.web,
    },
    probes: [
      succeeds(admitPod('pi'), {
        'podIdentityVolume.audience': 'pods.eks.amazonaws.com',
        [`app.env.${STS_ENDPOINTS}`]: 'regional',
      }),
      // A pod's own annotations set neither the audience nor the STS endpoint.
      succeeds(admitPod('web', annotated('audience', 'vault.example.com')), {
        'irsaVolume.audience': 'sts.amazonaws.com',
      }),
      succeeds(admitPod('web', annotated('sts-regional-endpoints', 'false')), {
        [`app.env.${STS_ENDPOINTS}`]: 'regional',
      }),
      // The expiration shows that the webhook has seen the change.
      annotateServiceAccount('pi', { 'sts-regional-endpoints': 'false', 'token-expiration': '7200' }),
      succeeds(admitPod('pi'), { [`app.env.${STS_ENDPOINTS}`]: isAbsent }),
      annotateServiceAccount('pi', { 'sts-regional-endpoints': 'never', 'token-expiration': '10800' }),
      succeeds(admitPod('pi'), { [`app.env.${STS_ENDPOINTS}`]: 'regional' }),
      // If a pod's value is not a number, the value of its service account applies.
      succeeds(admitPod('pi', annotated('token-expiration', '1h')), {
        'podIdentityVolume.expirationSeconds': 10_800,
      }),
    ],
  });
});
