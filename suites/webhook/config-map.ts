/** The config map that gives roles to service accounts without an annotation. */
import { expect } from 'chai';
import {
  admitPod,
  between,
  check,
  createAssociationFor,
  irsaRole,
  isAbsent,
  matching,
  podIdentityRole,
  postToWebhook,
  succeeds,
  suite,
  type CheckContext,
} from '../../harness/index.ts';
import { admitted } from './lib/admitted.ts';
import { STS_ENDPOINTS } from './lib/settings.ts';

const CONFIG_MAPS = '/api/v1/namespaces/kube-system/configmaps';
const NAME = 'pod-identity-webhook';
/** Service accounts with unique names, because an entry for any namespace affects every user of the cluster. */
const ACCOUNTS = {
  own: { serviceAccount: 'mapped-own' },
  any: { serviceAccount: 'mapped-any' },
  far: { serviceAccount: 'mapped-far' },
  bare: { serviceAccount: 'mapped-bare' },
  noted: { serviceAccount: 'mapped-noted', irsa: 'noted' },
  quiet: {
    serviceAccount: 'mapped-quiet',
    serviceAccountAnnotations: { 'token-expiration': '7200', audience: 'vault.example.com' },
  },
  pi: { serviceAccount: 'mapped-pi', role: 'pi' },
} as const;
const ENTRY = { RoleARN: '<role:mapped>', Audience: 'sts.amazonaws.com' };
const LONG = { ...ENTRY, UseRegionalSTS: true, TokenExpiration: 3600 };
const ENTRIES = {
  '<namespace:app>/mapped-own': ENTRY,
  '*/mapped-own': { ...LONG, RoleARN: '<role:noted>' },
  '*/mapped-any': LONG,
  'conformance-none/mapped-far': ENTRY,
  '<namespace:app>/mapped-bare': { RoleARN: '<role:mapped>', TokenExpiration: 900 },
  '<namespace:app>/mapped-unseen': LONG,
  '<namespace:app>/mapped-noted': LONG,
  '<namespace:app>/mapped-quiet': ENTRY,
  '<namespace:app>/mapped-pi': LONG,
};
const UNSEEN = JSON.stringify({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: {
    uid: 'mapped',
    namespace: '<namespace:app>',
    object: { spec: { serviceAccountName: 'mapped-unseen', containers: [{ name: 'app', image: 'i' }] } },
  },
});
/** Writes the config map, and waits until the webhook gives the pods of an account this role. */
async function write(
  context: CheckContext,
  config: string,
  [account, role]: readonly [account: string, role: string],
): Promise<void> {
  const { kubernetes, name, eventually } = context;
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME }, data: { config: name(config) } };
  const put = await kubernetes({ method: 'PUT', path: `${CONFIG_MAPS}/${NAME}`, body });
  const { status } = put.status === 404 ? await kubernetes({ method: 'POST', path: CONFIG_MAPS, body }) : put;
  expect(status, `config map for ${account}`).to.be.oneOf([200, 201]);
  const look = async (): Promise<string | undefined> => {
    const { spec } = await admitted(context, account);
    return spec?.containers[0]?.env?.find((variable) => variable.name === 'AWS_ROLE_ARN')?.value;
  };
  const seen = await eventually(look, (found) => found === name(role));
  expect(seen, `the role of ${account}`).to.equal(name(role));
}

suite('webhook', ({ scenario }) => {
  scenario('WH-35', 'a config map gives roles to service accounts without an annotation, in one or any namespace', {
    source:
      'amazon-eks-pod-identity-webhook, README, "pod-identity-webhook ConfigMap"; source, pkg/cache/cache.go, Get and GetCommonConfigurations',
    // The config map applies to the whole cluster.
    needs: ['own-cluster', 'webhook-config-map'],
    roles: { mapped: irsaRole('app/mapped-own'), noted: irsaRole('app/mapped-noted'), pi: podIdentityRole() },
    workloads: ACCOUNTS,
    probes: [
      check('the webhook loads the config map', (context) =>
        write(context, JSON.stringify(ENTRIES), ['mapped-any', '<role:mapped>']),
      ),
      // The entry of the namespace takes precedence. Flags of the webhook do not apply to entries.
      succeeds(admitPod('own'), {
        injected: 'irsa',
        'app.env.AWS_ROLE_ARN': '<role:mapped>',
        [`app.env.${STS_ENDPOINTS}`]: isAbsent,
        'irsaVolume.audience': 'sts.amazonaws.com',
        'irsaVolume.expirationSeconds': 86_400,
      }),
      succeeds(admitPod('any'), {
        injected: 'irsa',
        [`app.env.${STS_ENDPOINTS}`]: 'regional',
        'irsaVolume.expirationSeconds': 3600,
      }),
      succeeds(admitPod('bare'), {
        injected: 'irsa',
        'irsaVolume.audience': isAbsent,
        [`app.env.${STS_ENDPOINTS}`]: isAbsent,
        'irsaVolume.expirationSeconds': 900,
      }),
      succeeds(admitPod('far'), { injected: 'none' }),
      // A role annotation overrides an entry, and an entry overrides every other annotation.
      succeeds(admitPod('noted'), {
        injected: 'irsa',
        'app.env.AWS_ROLE_ARN': '<role:noted>',
        'irsaVolume.expirationSeconds': 86_400,
      }),
      succeeds(admitPod('quiet'), {
        'app.env.AWS_ROLE_ARN': '<role:mapped>',
        'irsaVolume.expirationSeconds': 86_400,
        'irsaVolume.audience': 'sts.amazonaws.com',
      }),
      succeeds(admitPod('pi'), {
        injected: 'pod-identity',
        'podIdentityVolume.expirationSeconds': between(79_200, 86_400),
      }),
      // An entry for an account that the webhook has not seen applies to Pod Identity.
      succeeds(createAssociationFor('app/mapped-unseen', { role: 'pi' })),
      succeeds(postToWebhook('application/json', UNSEEN), {
        patch: matching(/^(?=.*AWS_STS_REGIONAL_ENDPOINTS)(?=.*"expirationSeconds":3600,)(?=.*AWS_CONTAINER_CRED)/),
      }),
      check('it loads another one, and keeps that after an invalid one', async (context) => {
        const { [`*/mapped-any`]: _, ...others } = ENTRIES;
        const changed = { ...others, '<namespace:app>/mapped-own': { ...ENTRY, RoleARN: '<role:noted>' } };
        await write(context, JSON.stringify(changed), ['mapped-own', '<role:noted>']);
        await write(context, '{"<namespace:app>/mapped-own":', ['mapped-own', '<role:noted>']);
      }),
      succeeds(admitPod('any'), { injected: 'none' }),
      succeeds(admitPod('bare'), { injected: 'irsa' }),
    ],
  });
});
