import {
  allow,
  control,
  denied,
  fetchCredentials,
  getObject,
  granted,
  listObjects,
  podIdentityRole,
  policyFile,
  refused,
  suite,
  type RoleSpec,
} from 'eks-pod-identity-conformance';

/** Reads the policies that the payments team deploys. */
const file = (name: string, replace: Readonly<Record<string, string>> = {}) =>
  policyFile(new URL(`./policies/${name}`, import.meta.url), { replace });

/** The policies name a production cluster, which is replaced by the scenario's cluster. */
const ledger: RoleSpec = {
  trust: file('ledger-trust.json', {
    'arn:aws:eks:us-west-2:111122223333:cluster/production': '<cluster-arn:c1>',
    '111122223333': '<account:main>',
  }),
  permissions: file('ledger-permissions.json'),
};

const BUCKET = 'example-payments-ledger';
const bucket = { policy: file('ledger-bucket.json') };

suite('payments', ({ scenario }) => {
  scenario('PAY-01', 'the ledger reads and lists only its own entries', {
    exactNames: true,
    roles: { ledger },
    workloads: { ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' } },
    buckets: { [BUCKET]: bucket },
    objects: [`${BUCKET}/entries/2025`, `${BUCKET}/salaries/2025`],
    probes: [
      granted('ledger', getObject(`${BUCKET}/entries/2025`)),
      granted('ledger', listObjects(BUCKET, { prefix: 'entries/' })),
      denied('ledger', getObject(`${BUCKET}/salaries/2025`), {
        by: 's3',
        code: 'AccessDenied',
        policy: 'identity',
        explicit: false,
      }),
    ],
  });

  scenario('PAY-02', 'the trust policy denies credentials to other service accounts', {
    exactNames: true,
    roles: { ledger },
    workloads: {
      ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' },
      batch: { namespace: 'payments', serviceAccount: 'batch', role: 'ledger' },
    },
    buckets: { [BUCKET]: bucket },
    objects: [`${BUCKET}/entries/2025`],
    probes: [
      control('ledger', getObject(`${BUCKET}/entries/2025`)),
      refused('batch', fetchCredentials(), { by: 'eks-auth', code: 'AccessDeniedException' }),
    ],
  });

  scenario('PAY-03', 'the bucket policy denies pods in other namespaces, even if their role allows access', {
    exactNames: true,
    roles: { ledger, reports: podIdentityRole(allow('s3:GetObject', `${BUCKET}/*`)) },
    workloads: {
      ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' },
      reports: { namespace: 'reports', serviceAccount: 'reports', role: 'reports' },
    },
    buckets: { [BUCKET]: bucket },
    objects: [`${BUCKET}/entries/2025`],
    probes: [
      control('ledger', getObject(`${BUCKET}/entries/2025`)),
      denied('reports', getObject(`${BUCKET}/entries/2025`), {
        by: 's3',
        code: 'AccessDenied',
        policy: 'resource',
        explicit: true,
      }),
    ],
  });
});
