// Tests policies of a Terraform module before they are applied. `terraform show -json` wrote plan.json and state.json.
import {
  allow,
  control,
  denied,
  fetchCredentials,
  getObject,
  getObjectTagging,
  podIdentityRole,
  policyFile,
  putObject,
  refused,
  roleFile,
  suite,
} from 'eks-pod-identity-conformance';

const replace = { 'arn:aws:eks:us-west-2:111122223333:cluster/production': '<cluster-arn:c1>' };
const applied = (resource: string) => policyFile(new URL('./state.json', import.meta.url), { resource, replace });

suite('ledger', ({ scenario }) => {
  scenario('TF-01', 'the deployed policies grant the ledger access to its own entries, and nobody else', {
    exactNames: true,
    roles: {
      reports: podIdentityRole(allow('s3:GetObject', 'example-payments-ledger/*')),
      ledger: roleFile(new URL('./plan.json', import.meta.url), { resource: 'aws_iam_role.ledger', replace }),
    },
    buckets: { 'example-payments-ledger': { policy: applied('module.bucket.aws_s3_bucket_policy.ledger') } },
    workloads: {
      ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' },
      batch: { namespace: 'payments', serviceAccount: 'batch', role: 'ledger' },
      similar: { namespace: 'payments', serviceAccount: 'ledger-2', role: 'ledger' },
      untagged: {
        namespace: 'payments',
        serviceAccount: 'ledger-3',
        role: { role: 'ledger', disableSessionTags: true },
      },
      nearby: { namespace: 'payments-2', serviceAccount: 'ledger', role: 'ledger' },
      elsewhere: { namespace: 'reports', serviceAccount: 'ledger', role: 'ledger' },
      staging: { cluster: 'c2', namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' },
      reports: { namespace: 'reports', serviceAccount: 'reports', role: 'reports' },
      'reports-nearby': { namespace: 'payments-2', serviceAccount: 'reports', role: 'reports' },
    },
    objects: ['example-payments-ledger/payments/2025', 'example-payments-ledger/batch/2025'],
    probes: [
      control('ledger', getObject('example-payments-ledger/payments/2025')),
      denied('ledger', getObject('example-payments-ledger/batch/2025'), { by: 's3', policy: 'identity' }),
      denied('ledger', getObjectTagging('example-payments-ledger/payments/2025'), { by: 's3', policy: 'identity' }),
      denied('ledger', putObject('example-payments-ledger/payments/2025'), { by: 's3', policy: 'identity' }),
      ...['reports', 'reports-nearby'].map((workload) =>
        denied(workload, getObject('example-payments-ledger/payments/2025'), { by: 's3', policy: 'resource' }),
      ),
      ...['batch', 'similar', 'untagged', 'nearby', 'elsewhere', 'staging'].map((workload) =>
        refused(workload, fetchCredentials(), { by: 'eks-auth', code: 'AccessDeniedException' }),
      ),
    ],
  });
});
