/** Policies on a session's tags (namespace, service account, cluster, pod) and on the tags of its role. */
import {
  allow,
  control,
  denied,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  putRolePolicy,
  restartPod,
  suite,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { OPERATORS, PASS_TAGS, TAGS_OF_PODS } from '../lib/sources.ts';
import { APP, sameTag } from '../lib/worlds.ts';
import { reader, readsFirst } from './lib/reads.ts';

/** Names of service accounts that contain each other. */
const SIMILAR = ['reader', 'reader-2', 'my.reader', 'my.reader-2'];
const whose = (tag: string, value: string) => ({ StringEquals: { [`aws:PrincipalTag/${tag}`]: value } });

suite('abac', ({ scenario }) => {
  scenario('AB-01', 'a policy on the namespace tag keeps namespaces apart', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: { app: reader('${aws:PrincipalTag/kubernetes-namespace}/*') },
    workloads: { red: { namespace: 'red', role: 'app' } },
    ...readsFirst('red', 'data/<namespace:red>/key', 'data/<namespace:blue>/key'),
  });

  scenario('AB-02', 'a policy on the service account tag keeps service accounts apart', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: { app: reader('${aws:PrincipalTag/kubernetes-service-account}/*') },
    workloads: { reader: { serviceAccount: 'reader', role: 'app' } },
    ...readsFirst('reader', 'data/reader/key', 'data/writer/key'),
  });

  scenario('AB-26', 'a policy on the service account tag keeps similar names apart', {
    source: `${TAGS_OF_PODS}; Kubernetes documentation, "Object Names and IDs": names may have dashes and dots`,
    roles: { app: reader('${aws:PrincipalTag/kubernetes-service-account}/*') },
    workloads: Object.fromEntries(SIMILAR.map((serviceAccount) => [serviceAccount, { serviceAccount, role: 'app' }])),
    objects: SIMILAR.map((serviceAccount) => `data/${serviceAccount}/key`),
    probes: SIMILAR.flatMap((own) =>
      SIMILAR.map((other) =>
        own === other
          ? may(own, getObject(`data/${own}/key`))
          : mayNot(own, getObject(`data/${other}/key`), NOT_ALLOWED),
      ),
    ),
  });

  scenario('AB-03', 'the service account tag without the namespace tag does not keep namespaces apart', {
    source: 'Amazon EKS Best Practices Guide, "Identity and access management"',
    finding:
      'Service accounts with the same name in different namespaces have the same kubernetes-service-account tag. Add conditions on kubernetes-namespace and the cluster.',
    roles: { app: reader('${aws:PrincipalTag/kubernetes-service-account}/*') },
    workloads: { blue: { namespace: 'blue', serviceAccount: 'reader', role: 'app' } },
    // Meant for the service account `reader` of another namespace.
    objects: ['data/reader/key-of-red'],
    probes: [granted('blue', getObject('data/reader/key-of-red'))],
  });

  scenario('AB-04', 'a policy on namespace, service account and cluster requires that all three tags match', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: { app: reader('*', sameTag('kubernetes-namespace', 'kubernetes-service-account', 'eks-cluster-name')) },
    workloads: APP,
    objects: [
      taggedObject('data/mine', {}),
      taggedObject('data/other-namespace', { 'kubernetes-namespace': 'elsewhere' }),
      taggedObject('data/other-service-account', { 'kubernetes-service-account': 'elsewhere' }),
      taggedObject('data/other-cluster', { 'eks-cluster-name': 'elsewhere' }),
    ],
    probes: [
      granted('app', getObject('data/mine')),
      ...['namespace', 'service-account', 'cluster'].map((other) =>
        denied('app', getObject(`data/other-${other}`), NOT_ALLOWED),
      ),
    ],
  });

  scenario('AB-17', "case matters in a tag's value, not in the tag's key", {
    source: `${OPERATORS}, "String condition operators"; "AWS global condition context keys", aws:PrincipalTag`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/object/*', sameTag('kubernetes-service-account')),
        allow('s3:GetObject', 'data/key/*', whose('Kubernetes-Service-Account', 'reader')),
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

  scenario('AB-18', "a policy on a pod's name does not match the replacement pod", {
    source: TAGS_OF_PODS,
    roles: { app: reader('open/*') },
    workloads: APP,
    objects: ['data/open/key', 'data/pod/key'],
    probes: [
      control('app', getObject('data/open/key')),
      putRolePolicy(
        'app',
        allow('s3:GetObject', 'data/open/*'),
        allow('s3:GetObject', 'data/pod/*', whose('kubernetes-pod-name', '<pod:app>')),
      ),
      granted('app', getObject('data/pod/key')),
      restartPod('app'),
      control('app', getObject('data/open/key')),
      denied('app', getObject('data/pod/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-14', 'a session tag overrides the tag of the role with the same key', {
    profile: 'core',
    source: `${TAGS_OF_PODS}; ${PASS_TAGS}`,
    roles: {
      app: { ...reader('${aws:PrincipalTag/kubernetes-namespace}/*'), tags: { 'kubernetes-namespace': 'elsewhere' } },
    },
    workloads: APP,
    ...readsFirst('app', 'data/<namespace:app>/key', 'data/elsewhere/key'),
  });

  scenario('AB-15', "the role's own tags apply next to the session's tags", {
    source: 'IAM User Guide, "AWS global condition context keys", aws:PrincipalTag',
    roles: { app: { ...reader('${aws:PrincipalTag/team}/*'), tags: { team: 'a' } } },
    workloads: APP,
    ...readsFirst('app', 'data/a/key', 'data/b/key'),
  });

  scenario('AB-25', 'the longest possible names work in a session without tags', {
    source: `${TAGS_OF_PODS}: disable session tags where the packed size is too large`,
    roles: { app: podIdentityRole() },
    workloads: {
      long: {
        // Together with the text that a run adds, this has the 63 characters that a namespace may have.
        namespace: 'n'.repeat(44),
        serviceAccount: 's'.repeat(253),
        role: { role: 'app', disableSessionTags: true },
      },
    },
    probes: [granted('long', fetchCredentials())],
  });
});

/** Returns an object with the tags of workload `app`, some of them overridden. */
function taggedObject(at: string, changed: Readonly<Record<string, string>>) {
  const own = {
    'kubernetes-namespace': '<namespace:app>',
    'kubernetes-service-account': 'app',
    'eks-cluster-name': '<cluster:c1>',
  };
  return { at, tags: { ...own, ...changed } };
}
