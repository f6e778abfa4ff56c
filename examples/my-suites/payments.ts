import {
  allow,
  control,
  denied,
  fetchCredentials,
  getObject,
  getObjectTagging,
  granted,
  listObjects,
  podIdentityRole,
  policyFile,
  putObject,
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
  }),
  permissions: file('ledger-permissions.json'),
};

const BUCKET = 'example-payments-ledger';
const bucket = { policy: file('ledger-bucket.json') };

const UNASSUMED = { by: 'eks-auth', code: 'AccessDeniedException' } as const;
const UNALLOWED = { by: 's3', code: 'AccessDenied', policy: 'identity', explicit: false } as const;

suite('payments', ({ scenario }) => {
  scenario('PAY-01', 'the ledger reads and lists only its own entries', {
    exactNames: true,
    roles: { ledger },
    workloads: { ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' } },
    buckets: { [BUCKET]: bucket },
    objects: [`${BUCKET}/entries/2025`, `${BUCKET}/salaries/2025`, `${BUCKET}-2/entries/2025`],
    probes: [
      granted('ledger', getObject(`${BUCKET}/entries/2025`)),
      granted('ledger', listObjects(BUCKET, { prefix: 'entries/' })),
      granted('ledger', putObject(`${BUCKET}/entries/2026`)),
      denied('ledger', getObject(`${BUCKET}/salaries/2025`), UNALLOWED),
      denied('ledger', getObjectTagging(`${BUCKET}/entries/2025`), UNALLOWED),
      denied('ledger', putObject(`${BUCKET}/entries/2026`, { tags: { team: 'ledger' } }), UNALLOWED),
      denied('ledger', listObjects(BUCKET), UNALLOWED),
      denied('ledger', listObjects(BUCKET, { prefix: 'entries' }), UNALLOWED),
      denied('ledger', listObjects(BUCKET, { prefix: 'entries-2/' }), UNALLOWED),
      denied('ledger', listObjects(BUCKET, { prefix: 'salaries/' }), UNALLOWED),
      denied('ledger', listObjects(`${BUCKET}-2`, { prefix: 'entries/' }), UNALLOWED),
    ],
  });

  scenario('PAY-02', 'the trust policy denies credentials to other service accounts and namespaces', {
    exactNames: true,
    roles: { ledger },
    workloads: {
      ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' },
      batch: { namespace: 'payments', serviceAccount: 'batch', role: 'ledger' },
      similar: { namespace: 'payments', serviceAccount: 'ledger-2', role: 'ledger' },
      untagged: {
        namespace: 'payments',
        serviceAccount: 'ledger-3',
        role: { role: 'ledger', disableSessionTags: true },
      },
      elsewhere: { namespace: 'reports', serviceAccount: 'ledger', role: 'ledger' },
      nearby: { namespace: 'payments-2', serviceAccount: 'ledger', role: 'ledger' },
    },
    buckets: { [BUCKET]: bucket },
    objects: [`${BUCKET}/entries/2025`],
    probes: [
      control('ledger', getObject(`${BUCKET}/entries/2025`)),
      refused('batch', fetchCredentials(), UNASSUMED),
      refused('similar', fetchCredentials(), UNASSUMED),
      refused('untagged', fetchCredentials(), UNASSUMED),
      refused('elsewhere', fetchCredentials(), UNASSUMED),
      refused('nearby', fetchCredentials(), UNASSUMED),
    ],
  });

  scenario('PAY-03', 'the bucket policy denies pods in other namespaces, even if their role allows access', {
    exactNames: true,
    roles: { ledger, reports: podIdentityRole(allow('s3:GetObject', `${BUCKET}/*`)) },
    workloads: {
      ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' },
      reports: { namespace: 'reports', serviceAccount: 'reports', role: 'reports' },
      nearby: { namespace: 'payments-2', serviceAccount: 'reports', role: 'reports' },
    },
    buckets: { [BUCKET]: bucket },
    objects: [`${BUCKET}/entries/2025`],
    probes: [
      control('ledger', getObject(`${BUCKET}/entries/2025`)),
      ...['reports', 'nearby'].map((workload) =>
        denied(workload, getObject(`${BUCKET}/entries/2025`), {
          by: 's3',
          code: 'AccessDenied',
          policy: 'resource',
          explicit: true,
        }),
      ),
    ],
  });

  scenario('PAY-04', 'the trust policy denies credentials to pods of another cluster', {
    exactNames: true,
    roles: { ledger },
    workloads: {
      ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' },
      staging: { cluster: 'c2', namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' },
    },
    buckets: { [BUCKET]: bucket },
    objects: [`${BUCKET}/entries/2025`],
    probes: [control('ledger', getObject(`${BUCKET}/entries/2025`)), refused('staging', fetchCredentials(), UNASSUMED)],
  });
});
