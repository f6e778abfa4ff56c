/** The permissions of a pod: those of its role, limited by the association's policy. */
import {
  allow,
  asSession,
  controlSucceeds,
  denied,
  fails,
  getObject,
  granted,
  listObjects,
  podIdentityRole,
  putObject,
  suite,
} from '../../harness/index.ts';
import { NOT_ALLOWED, NOT_IN_SESSION_POLICY } from '../lib/outcomes.ts';
import { ALL_OF_S3, allowsOnly, REQUIRED_PERMISSIONS } from '../lib/s3-operations.ts';
import { APP, readData } from '../lib/worlds.ts';

const DENIAL_MESSAGES = 'IAM User Guide, "Troubleshoot access denied error messages"';
const roles = { app: podIdentityRole(readData) } as const;
/** Declares a role that may read bucket `data`, and expects that this call is denied. */
const mayNot = (call: Parameters<typeof asSession>[1]) => ({
  roles,
  workloads: APP,
  probes: [controlSucceeds(asSession('app', getObject('data/key'))), fails(asSession('app', call), NOT_ALLOWED)],
});

suite('pod-identity', ({ scenario }) => {
  scenario('PI-01', 'an association grants the permissions of its role', {
    profile: 'core',
    source: 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
    roles: { app: podIdentityRole(readData, allow('s3:ListBucket', 'data')) },
    workloads: APP,
    objects: ['data/key'],
    probes: [granted('app', getObject('data/key')), granted('app', listObjects('data'), { facts: { keys: 1 } })],
  });

  scenario('PI-07', 'a role that may only read cannot write', {
    profile: 'core',
    source: DENIAL_MESSAGES,
    roles,
    workloads: APP,
    objects: ['data/key'],
    probes: [granted('app', getObject('data/key')), denied('app', putObject('data/new'), NOT_ALLOWED)],
  });

  scenario('PI-08', 'a role that may read objects cannot list the bucket', {
    ...mayNot(listObjects('data')),
    source: 'Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"',
    objects: ['data/key'],
  });

  scenario('PI-09', 'a role for one bucket cannot read another', {
    ...mayNot(getObject('others/key')),
    source: DENIAL_MESSAGES,
    objects: ['data/key', 'others/key'],
  });

  scenario('PI-20', "an association's policy limits the permissions of its role", {
    profile: 'core',
    source: 'Amazon EKS API Reference, CreatePodIdentityAssociation, policy: the intersection of both policies',
    keywords: ['session policy'],
    roles,
    workloads: { app: { role: { role: 'app', disableSessionTags: true, policy: [allow('s3:*', 'data/a/*')] } } },
    objects: ['data/a/key', 'data/b/key'],
    probes: [
      granted('app', getObject('data/a/key')),
      denied('app', getObject('data/b/key'), NOT_IN_SESSION_POLICY),
      // The policy grants nothing by itself, and the role may not write.
      denied('app', putObject('data/a/new'), NOT_ALLOWED),
    ],
  });

  scenario('PI-41', 'an association whose policy allows one action of S3 denies all other operations', {
    source: `Amazon EKS API Reference, CreatePodIdentityAssociation, policy: the intersection of both policies; ${REQUIRED_PERMISSIONS}`,
    needs: ['own-boundary'],
    roles: { app: podIdentityRole(...ALL_OF_S3) },
    workloads: {
      app: { role: { role: 'app', disableSessionTags: true, policy: [allow('s3:GetObject', '*')] } },
    },
    objects: ['data/key'],
    probes: allowsOnly('s3:GetObject', 'app'),
  });
});
