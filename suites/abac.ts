import {
  absent,
  allow,
  assumeRole,
  chain,
  control,
  denied,
  deny,
  fetchCredentials,
  forPrincipal,
  getObject,
  granted,
  headObject,
  irsaRole,
  listObjects,
  podIdentityRole,
  putObject,
  putRolePolicy,
  refused,
  restartPod,
  suite,
  trustPodIdentity,
  trustRole,
  trustWebIdentity,
} from '../harness/index.ts';
import { NOT_ALLOWED } from './lib/outcomes.ts';
import { OPERATORS, TAGS_OF_PODS } from './lib/sources.ts';

const CHAINING = 'IAM User Guide, "Pass session tags in AWS STS", chaining session tags';

/** A statement of the bucket's policy denied the action. */
const DENIED_BY_BUCKET = { by: 's3', code: 'AccessDenied', status: 403, policy: 'resource', explicit: true } as const;

const denyOtherNamespaces = (resource: string, namespace: string) =>
  forPrincipal(
    '*',
    deny('s3:GetObject', resource, { StringNotEquals: { 'aws:PrincipalTag/kubernetes-namespace': namespace } }),
  );

/** The object's tag of this key has the value of the session's tag of the same key. */
const sameTag = (...keys: readonly string[]) => ({
  StringEquals: Object.fromEntries(keys.map((key) => [`s3:ExistingObjectTag/${key}`, `\${aws:PrincipalTag/${key}}`])),
});

suite('abac', ({ scenario }) => {
  scenario('AB-01', 'a policy on the namespace tag keeps namespaces apart', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*')) },
    workloads: { red: { namespace: 'red', role: 'app' } },
    objects: ['data/<namespace:red>/key', 'data/<namespace:blue>/key'],
    probes: [
      granted('red', getObject('data/<namespace:red>/key')),
      denied('red', getObject('data/<namespace:blue>/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-02', 'a policy on the service account tag keeps service accounts apart', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-service-account}/*')) },
    workloads: { reader: { serviceAccount: 'reader', role: 'app' } },
    objects: ['data/reader/key', 'data/writer/key'],
    probes: [
      granted('reader', getObject('data/reader/key')),
      denied('reader', getObject('data/writer/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-03', 'the service account tag alone does not keep namespaces apart', {
    source: 'Amazon EKS Best Practices Guide, "Identity and access management"',
    finding:
      'Service accounts of the same name in different namespaces have the same kubernetes-service-account tag: condition on kubernetes-namespace and the cluster too.',
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-service-account}/*')) },
    workloads: { blue: { namespace: 'blue', serviceAccount: 'reader', role: 'app' } },
    // Meant for the service account `reader` of another namespace.
    objects: ['data/reader/key-of-red'],
    probes: [granted('blue', getObject('data/reader/key-of-red'))],
  });

  scenario('AB-04', 'namespace, service account and cluster must all match', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: {
      app: podIdentityRole(
        allow(
          's3:GetObject',
          'data/*',
          sameTag('kubernetes-namespace', 'kubernetes-service-account', 'eks-cluster-name'),
        ),
      ),
    },
    workloads: { app: { role: 'app' } },
    objects: [
      taggedObject('data/mine', {}),
      taggedObject('data/other-namespace', { 'kubernetes-namespace': 'elsewhere' }),
      taggedObject('data/other-service-account', { 'kubernetes-service-account': 'elsewhere' }),
      taggedObject('data/other-cluster', { 'eks-cluster-name': 'elsewhere' }),
    ],
    probes: [
      granted('app', getObject('data/mine')),
      denied('app', getObject('data/other-namespace'), NOT_ALLOWED),
      denied('app', getObject('data/other-service-account'), NOT_ALLOWED),
      denied('app', getObject('data/other-cluster'), NOT_ALLOWED),
    ],
  });

  scenario('AB-05', 'an object is readable where its tag matches the session', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*', sameTag('kubernetes-namespace'))) },
    workloads: { app: { role: 'app' } },
    objects: [
      { at: 'data/mine', tags: { 'kubernetes-namespace': '<namespace:app>' } },
      { at: 'data/other', tags: { 'kubernetes-namespace': 'elsewhere' } },
    ],
    probes: [granted('app', getObject('data/mine')), denied('app', getObject('data/other'), NOT_ALLOWED)],
  });

  scenario('AB-06', 'an object without tags is not readable under a condition on its tag', {
    source: `${OPERATORS}: a key that is not in the request does not match StringEquals`,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*', sameTag('kubernetes-namespace'))) },
    workloads: { app: { role: 'app' } },
    objects: [{ at: 'data/mine', tags: { 'kubernetes-namespace': '<namespace:app>' } }, 'data/untagged'],
    probes: [control('app', getObject('data/mine')), denied('app', getObject('data/untagged'), NOT_ALLOWED)],
  });

  scenario('AB-07', 'a missing object has no tag to match, even for a session that may list the bucket', {
    // S3 says 404 to those who may read and list; this session may read nothing that has no tag, so S3 should answer as
    // it does to any read that is not allowed. AWS does not document the case itself.
    source: 'Amazon S3 API Reference, GetObject, permissions; IAM User Guide, condition operators',
    roles: {
      app: podIdentityRole(
        allow('s3:ListBucket', 'data'),
        allow('s3:GetObject', 'data/*', sameTag('kubernetes-namespace')),
      ),
    },
    workloads: { app: { role: 'app' } },
    objects: [{ at: 'data/mine', tags: { 'kubernetes-namespace': '<namespace:app>' } }],
    probes: [control('app', getObject('data/mine')), denied('app', getObject('data/nothing-here'), NOT_ALLOWED)],
  });

  scenario('AB-08', 'an association without session tags matches no policy on them', {
    profile: 'core',
    source: `${TAGS_OF_PODS}, disabling session tags`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/open/*'),
        allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*'),
      ),
    },
    workloads: { app: { role: { role: 'app', disableSessionTags: true } } },
    objects: ['data/open/key', 'data/<namespace:app>/key'],
    probes: [
      control('app', getObject('data/open/key')),
      denied('app', getObject('data/<namespace:app>/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-09', 'a Null condition tells sessions with tags from those without', {
    source: `${OPERATORS}, "Condition operator to check existence of condition keys"`,
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'app/web' })],
        permissions: [
          allow('s3:GetObject', 'data/open/*'),
          allow('s3:GetObject', 'data/tagged/*', { Null: { 'aws:PrincipalTag/kubernetes-namespace': 'false' } }),
        ],
      },
    },
    workloads: { pod: { serviceAccount: 'pod', role: 'app' }, web: { serviceAccount: 'web', irsa: 'app' } },
    objects: ['data/open/key', 'data/tagged/key'],
    probes: [
      granted('pod', getObject('data/tagged/key')),
      control('web', getObject('data/open/key')),
      denied('web', getObject('data/tagged/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-10', 'an explicit deny with StringNotEquals also stops sessions without tags', {
    profile: 'core',
    source: `${OPERATORS}: a key that is not in the request matches a negated operator`,
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'app/web' })],
        permissions: [allow('s3:GetObject', ['data/*', 'open/*'])],
      },
    },
    workloads: { pod: { serviceAccount: 'pod', role: 'app' }, web: { serviceAccount: 'web', irsa: 'app' } },
    buckets: {
      data: {
        policy: [
          denyOtherNamespaces('data/mine/*', '<namespace:app>'),
          denyOtherNamespaces('data/other/*', 'elsewhere'),
        ],
      },
    },
    objects: ['data/mine/key', 'data/other/key', 'open/key'],
    probes: [
      granted('pod', getObject('data/mine/key')),
      denied('pod', getObject('data/other/key'), DENIED_BY_BUCKET),
      control('web', getObject('open/key')),
      denied('web', getObject('data/mine/key'), DENIED_BY_BUCKET),
    ],
  });

  scenario('AB-11', 'StringEqualsIfExists lets sessions without tags through', {
    source: `${OPERATORS}, "...IfExists condition operators"`,
    finding:
      'An Allow with StringEqualsIfExists on a session tag also allows sessions that have no such tag, such as those of IRSA: use StringEquals, or add a Null condition.',
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'blue/web' })],
        permissions: [
          allow('s3:GetObject', 'data/*', {
            StringEqualsIfExists: { 'aws:PrincipalTag/kubernetes-namespace': '<namespace:red>' },
          }),
        ],
      },
    },
    workloads: {
      blue: { namespace: 'blue', serviceAccount: 'pod', role: 'app' },
      web: { namespace: 'blue', serviceAccount: 'web', irsa: 'app' },
    },
    objects: ['data/key'],
    probes: [denied('blue', getObject('data/key'), NOT_ALLOWED), granted('web', getObject('data/key'))],
  });

  scenario('AB-12', 'a bucket policy on the session tag is enough in the same account', {
    profile: 'core',
    source: 'IAM User Guide, "Policy evaluation for requests within a single account"',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    buckets: {
      data: {
        policy: [
          forPrincipal(
            '<role:app>',
            allow('s3:GetObject', 'data/mine/*', {
              StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': '<namespace:app>' },
            }),
          ),
          forPrincipal(
            '<role:app>',
            allow('s3:GetObject', 'data/other/*', {
              StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': 'elsewhere' },
            }),
          ),
        ],
      },
    },
    objects: ['data/mine/key', 'data/other/key'],
    probes: [granted('app', getObject('data/mine/key')), denied('app', getObject('data/other/key'), NOT_ALLOWED)],
  });

  scenario('AB-13', "another account's bucket policy can condition on the session tag", {
    source: `${TAGS_OF_PODS}; IAM User Guide, "Cross-account policy evaluation logic"`,
    needs: ['two-accounts'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'shared/*')) },
    workloads: { app: { role: 'app' } },
    buckets: {
      shared: {
        account: 'other',
        policy: [
          forPrincipal('<role:app>', allow('s3:GetObject', 'shared/${aws:PrincipalTag/kubernetes-namespace}/*')),
        ],
      },
    },
    objects: ['shared/<namespace:app>/key', 'shared/elsewhere/key'],
    probes: [
      granted('app', getObject('shared/<namespace:app>/key')),
      // Which policy it was, callers of another account are told within one organization alone.
      denied('app', getObject('shared/elsewhere/key'), { by: 's3', code: 'AccessDenied', status: 403 }),
    ],
  });

  scenario('AB-14', "the session's tag beats the role's tag of the same key", {
    profile: 'core',
    source: `${TAGS_OF_PODS}; IAM User Guide, "Pass session tags in AWS STS"`,
    roles: {
      app: {
        ...podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*')),
        tags: { 'kubernetes-namespace': 'elsewhere' },
      },
    },
    workloads: { app: { role: 'app' } },
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      granted('app', getObject('data/<namespace:app>/key')),
      denied('app', getObject('data/elsewhere/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-15', "the role's own tags count beside the session's", {
    source: 'IAM User Guide, "AWS global condition context keys", aws:PrincipalTag',
    roles: {
      app: { ...podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/team}/*')), tags: { team: 'a' } },
    },
    workloads: { app: { role: 'app' } },
    objects: ['data/a/key', 'data/b/key'],
    probes: [granted('app', getObject('data/a/key')), denied('app', getObject('data/b/key'), NOT_ALLOWED)],
  });

  scenario('AB-16', 'a condition on s3:prefix limits listing to the own prefix', {
    profile: 'core',
    source: 'Amazon S3 User Guide, "Bucket policy examples using condition keys", s3:prefix',
    roles: {
      app: podIdentityRole(
        allow('s3:ListBucket', 'data', {
          StringEquals: { 's3:prefix': '${aws:PrincipalTag/kubernetes-namespace}/' },
        }),
      ),
    },
    workloads: { app: { role: 'app' } },
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      granted('app', listObjects('data', { prefix: '<namespace:app>/' }), { facts: { keys: 1 } }),
      denied('app', listObjects('data', { prefix: 'elsewhere/' }), NOT_ALLOWED),
      denied('app', listObjects('data'), NOT_ALLOWED),
    ],
  });

  scenario('AB-17', "case matters in a tag's value, not in the tag's key", {
    source: `${OPERATORS}, "String condition operators"; "AWS global condition context keys", aws:PrincipalTag`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/object/*', sameTag('kubernetes-service-account')),
        allow('s3:GetObject', 'data/key/*', {
          StringEquals: { 'aws:PrincipalTag/Kubernetes-Service-Account': 'reader' },
        }),
      ),
    },
    workloads: { app: { serviceAccount: 'reader', role: 'app' } },
    objects: [
      { at: 'data/object/same', tags: { 'kubernetes-service-account': 'reader' } },
      { at: 'data/object/upper', tags: { 'kubernetes-service-account': 'READER' } },
      'data/key/key',
    ],
    probes: [
      granted('app', getObject('data/object/same')),
      denied('app', getObject('data/object/upper'), NOT_ALLOWED),
      granted('app', getObject('data/key/key')),
    ],
  });

  scenario('AB-18', "a policy on the pod's name does not fit the pod that replaces it", {
    source: TAGS_OF_PODS,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/open/*')) },
    workloads: { app: { role: 'app' } },
    objects: ['data/open/key', 'data/pod/key'],
    probes: [
      control('app', getObject('data/open/key')),
      putRolePolicy(
        'app',
        allow('s3:GetObject', 'data/open/*'),
        allow('s3:GetObject', 'data/pod/*', {
          StringEquals: { 'aws:PrincipalTag/kubernetes-pod-name': '<pod:app>' },
        }),
      ),
      granted('app', getObject('data/pod/key')),
      restartPod('app'),
      control('app', getObject('data/open/key')),
      denied('app', getObject('data/pod/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-19', 'objects can be written with the own namespace as their tag alone', {
    source: 'Service Authorization Reference, Amazon S3, s3:RequestObjectTag; PutObject permissions',
    roles: {
      app: podIdentityRole(
        allow('s3:PutObjectTagging', 'data/*'),
        allow('s3:PutObject', 'data/*', {
          StringEquals: {
            's3:RequestObjectTag/kubernetes-namespace': '${aws:PrincipalTag/kubernetes-namespace}',
          },
        }),
      ),
    },
    workloads: { app: { role: 'app' } },
    buckets: { data: {} },
    probes: [
      granted('app', putObject('data/mine', { tags: { 'kubernetes-namespace': '<namespace:app>' } })),
      denied('app', putObject('data/wrong', { tags: { 'kubernetes-namespace': 'elsewhere' } }), NOT_ALLOWED),
      denied('app', putObject('data/untagged'), NOT_ALLOWED),
    ],
  });

  scenario('AB-20', 'the tags stay with the session when it assumes another role', {
    profile: 'core',
    source: `${TAGS_OF_PODS}; ${CHAINING}`,
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], '<role:target>')),
      target: {
        trust: [trustRole('app')],
        permissions: [allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*')],
      },
    },
    workloads: { app: { role: 'app' } },
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      granted('app', getObject('data/<namespace:app>/key', { through: chain('target') })),
      denied('app', getObject('data/elsewhere/key', { through: chain('target') }), { ...NOT_ALLOWED, as: 'target' }),
    ],
  });

  scenario('AB-21', "a role whose trust lacks sts:TagSession cannot be assumed by a pod's session", {
    source: `${CHAINING}; IAM User Guide, permissions required to add session tags`,
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], ['<role:tagging>', '<role:plain>'])),
      tagging: { trust: [trustRole('app')] },
      plain: { trust: [trustRole('app', { actions: ['sts:AssumeRole'] })] },
    },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', assumeRole('tagging')),
      denied('app', assumeRole('plain'), {
        by: 'sts',
        code: 'AccessDenied',
        status: 403,
        message: 'sts:TagSession',
      }),
    ],
  });

  scenario('AB-21b', 'a session of IRSA has no tags to bring, so that sts:AssumeRole is enough', {
    source: `${CHAINING}; Amazon EKS User Guide, comparison of EKS Pod Identity and IRSA`,
    needs: ['irsa'],
    roles: {
      web: irsaRole('app/app', allow('sts:AssumeRole', '<role:plain>')),
      plain: { trust: [trustRole('web', { actions: ['sts:AssumeRole'] })] },
    },
    workloads: { app: { irsa: 'web' } },
    probes: [
      granted('app', assumeRole('plain')),
      denied('app', assumeRole('plain', { tags: { team: 'a' } }), {
        by: 'sts',
        code: 'AccessDenied',
        status: 403,
        message: 'sts:TagSession',
      }),
    ],
  });

  scenario('AB-22', 'a pod cannot override the tags of its session on the way to another role', {
    // The IAM User Guide says that the request fails, and not with which code.
    source: CHAINING,
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], '<role:target>')),
      target: { trust: [trustRole('app')] },
    },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', assumeRole('target', { tags: { team: 'a' } })),
      refused('app', assumeRole('target', { tags: { 'kubernetes-namespace': 'elsewhere' } }), { by: 'sts' }),
    ],
  });

  scenario('AB-23', 'only a session that may list a bucket is told that an object is missing', {
    source: 'Amazon S3 API Reference, GetObject, permissions',
    roles: {
      app: podIdentityRole(allow('s3:GetObject', ['listed/*', 'hidden/*']), allow('s3:ListBucket', 'listed')),
    },
    workloads: { app: { role: 'app' } },
    objects: ['listed/key', 'hidden/key'],
    probes: [
      absent('app', getObject('listed/nothing-here'), { by: 's3', code: 'NoSuchKey', status: 404 }),
      control('app', getObject('hidden/key')),
      denied('app', getObject('hidden/nothing-here'), { by: 's3', code: 'AccessDenied', status: 403 }),
    ],
  });

  scenario('AB-24', 'HEAD is denied as GET is, without saying more', {
    source: 'Amazon S3 API Reference, HeadObject',
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/mine/*'), allow('s3:ListBucket', 'data')) },
    workloads: { app: { role: 'app' } },
    objects: ['data/mine/key', 'data/other/key'],
    probes: [
      control('app', headObject('data/mine/key')),
      absent('app', headObject('data/mine/nothing-here'), { by: 's3', status: 404 }),
      denied('app', headObject('data/other/key'), NOT_ALLOWED),
      denied('app', headObject('data/other/nothing-here'), NOT_ALLOWED),
    ],
  });

  scenario('AB-25', 'the longest names fit into a session without tags', {
    source: `${TAGS_OF_PODS}: disable session tags where the packed size is too large`,
    roles: { app: podIdentityRole() },
    workloads: {
      long: {
        // With what a run puts around it, at the 63 characters that a namespace may have.
        namespace: 'n'.repeat(44),
        serviceAccount: 's'.repeat(253),
        role: { role: 'app', disableSessionTags: true },
      },
    },
    probes: [granted('long', fetchCredentials())],
  });
});

/** An object with the tags of workload `app`, some of them changed. */
function taggedObject(at: string, changed: Readonly<Record<string, string>>) {
  const own = {
    'kubernetes-namespace': '<namespace:app>',
    'kubernetes-service-account': 'app',
    'eks-cluster-name': '<cluster:c1>',
  };
  return { at, tags: { ...own, ...changed } };
}
