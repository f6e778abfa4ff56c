import type { Check } from '../../doctor/checks/check.ts';
import { certificate } from './certificate.ts';
import * as make from './cluster-snapshot.ts';
import type { Draft } from './cluster-snapshot.ts';
import { INCIDENTS } from './incidents.ts';

const { ACCOUNT, CLUSTER_ARN, ISSUER, roleArn } = make;
const LEDGER = roleArn('ledger');
const SHOP = roleArn('shop');
const OLD_ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF';
const { [0]: certificates, [1]: other } = await Promise.all([certificate('cluster'), certificate('other')]);

/** A change that breaks a healthy cluster, and one that repairs it. */
export interface Pair {
  readonly broken: (snapshot: Draft) => void;
  /** Applied after `broken`. */
  readonly repaired: (snapshot: Draft) => void;
  /** For each finding: its object, a part of its text, and how many pods it has. */
  readonly findings: readonly (readonly [object: string, text: string, pods?: number])[];
}

/** Finds an element of a list by the names in its metadata or its own name. */
function named<T>(list: readonly T[], name: string): T {
  const found = list.find((one) => {
    const { metadata, name: own } = one as { metadata?: { name: string }; name?: string };
    return metadata?.name === name || own === name;
  });
  if (found === undefined) throw new Error(`No object ${name}.`);
  return found;
}

const container = ({ kubernetes }: Draft, pod: string) => named(kubernetes.pods, pod).containers[0]!;
const setEnv =
  (pod: string, ...env: { name: string; value?: string }[]) =>
  (snapshot: Draft) =>
    void container(snapshot, pod).env.push(...env);
const unsetEnv =
  (pod: string, ...names: string[]) =>
  (snapshot: Draft) => {
    const one = container(snapshot, pod);
    one.env = one.env.filter(({ name }) => !names.includes(name));
  };
const uninject = (snapshot: Draft, ...pods: string[]) => {
  for (const name of pods) {
    const pod = named(snapshot.kubernetes.pods, name);
    pod.tokenVolumes = [];
    pod.containers[0]!.env = [];
  }
};
const reinject = (snapshot: Draft, ...pods: string[]) => {
  const healthy = make.healthySnapshot(certificates.certificate);
  for (const name of pods) {
    const pod = named(snapshot.kubernetes.pods, name);
    const { tokenVolumes, containers } = named(healthy.kubernetes.pods, name);
    Object.assign(pod, { tokenVolumes, containers });
  }
};
const setTrust = (role: string, policy: string) => (snapshot: Draft) => {
  snapshot.aws.roles[roleArn(role)]!.trustPolicy = policy;
};
const healthyTrust = (role: string) => (snapshot: Draft) => {
  const healthy = make.healthySnapshot(certificates.certificate);
  snapshot.aws.roles[roleArn(role)] = healthy.aws.roles[roleArn(role)]!;
};
const annotate = (value: string | undefined) => (snapshot: Draft) => {
  const account = named(snapshot.kubernetes.serviceAccounts, 'shop');
  account.metadata.annotations = value === undefined ? {} : { 'eks.amazonaws.com/role-arn': value };
};
const ledgerCondition = (conditions: object, actions?: string[]) =>
  setTrust('ledger', make.trust(make.podIdentityStatement(conditions, actions)));
const ownTags = {
  'aws:RequestTag/kubernetes-namespace': 'payments',
  'aws:RequestTag/kubernetes-service-account': 'ledger',
};
const shopSubject = 'system:serviceaccount:web:shop';
const target = roleArn('target');
const targeted = (targetPolicy: string, policy: string) => (snapshot: Draft) => {
  snapshot.aws.associations[0]!.targetRoleArn = target;
  snapshot.aws.roles[LEDGER]!.policies = { chain: policy };
  snapshot.aws.roles[target] = make.role('target', targetPolicy);
};
const targetTrust = (actions: string[]) => make.trust({ Principal: { AWS: LEDGER }, Action: actions });
const denyAll = (egress: Draft['kubernetes']['networkPolicies'][number]['egress']) => (snapshot: Draft) => {
  snapshot.kubernetes.networkPolicies = [
    { metadata: { name: 'deny', namespace: 'payments' }, podSelector: {}, policyTypes: ['Egress'], egress },
  ];
};
const toAgent = {
  to: [{ ipBlock: { cidr: '169.254.170.23/32' }, selects: false }],
  ports: [{ protocol: 'TCP', port: 80 }],
};

/** Returns a pair whose cluster is an incident. The repaired cluster is the healthy one, unless the pair says more. */
const incident = (title: string, findings: Pair['findings'], repaired?: Pair['repaired']): Pair => ({
  broken: INCIDENTS.find((one) => one.title.includes(title))!.broken,
  repaired: repaired ?? ((snapshot) => Object.assign(snapshot, make.healthySnapshot(certificates.certificate))),
  findings,
});

/** A pair for each check. */
/** Returns an organization whose resource control policy denies an action to AWS services. */
const organizationWith = (action: string): NonNullable<make.Draft['aws']['organization']> => {
  const Condition = { Bool: { 'aws:PrincipalIsAWSService': 'true' } };
  const Statement = { Effect: 'Deny', Principal: '*', Action: action, Resource: '*', Condition };
  const rcps = { Services: JSON.stringify({ Version: '2012-10-17', Statement }) };
  const targets = { root: { name: 'Root', scps: {}, rcps } };
  return { state: 'read', from: 'AWS', organization: { targets, otherAccounts: 'root' } };
};

export const PAIRS: Readonly<Record<Check['id'], Pair>> = {
  PID101: {
    broken: ({ kubernetes }) => {
      kubernetes.daemonSets = [];
      kubernetes.pods = kubernetes.pods.filter(({ metadata }) => !metadata.name.startsWith('agent'));
    },
    repaired: ({ kubernetes }) => {
      kubernetes.daemonSets = [make.agentSet()];
      kubernetes.pods.push(make.agentPod('node-a'), make.agentPod('node-b'));
      for (const pod of kubernetes.pods.slice(-2)) pod.hostNetwork = true;
    },
    findings: [['Cluster prod', 'for 1 association', 2]],
  },
  PID102: {
    broken: ({ kubernetes }) => (named(kubernetes.pods, 'agent-node-a').ready = false),
    repaired: ({ kubernetes }) => (named(kubernetes.pods, 'agent-node-a').ready = true),
    findings: [['Node node-a', 'agent-node-a is Running and not ready', 2]],
  },
  PID103: {
    broken: ({ kubernetes }) => {
      named(kubernetes.nodes, 'node-a').taints.push({ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' });
      kubernetes.daemonSets[0]!.tolerations = [];
      kubernetes.pods = kubernetes.pods.filter(({ metadata }) => metadata.name !== 'agent-node-a');
    },
    repaired: ({ kubernetes }) => {
      kubernetes.daemonSets[0]!.tolerations = [{ key: 'dedicated', operator: 'Exists' }];
      kubernetes.pods.push({ ...make.agentPod('node-a'), hostNetwork: true });
    },
    findings: [
      [
        'DaemonSet kube-system/eks-pod-identity-agent',
        'does not tolerate taint dedicated=gpu:NoSchedule of 1 node: node-a',
        2,
      ],
    ],
  },
  PID105: {
    broken: ({ aws }) =>
      (aws.addons = [
        {
          name: 'eks-pod-identity-agent',
          status: 'DEGRADED',
          issues: [{ code: 'ConfigurationConflict', message: 'x' }],
        },
      ]),
    repaired: ({ aws }) => (aws.addons = [{ name: 'eks-pod-identity-agent', status: 'ACTIVE', issues: [] }]),
    findings: [['Addon eks-pod-identity-agent', 'DEGRADED (ConfigurationConflict: x)']],
  },
  PID106: {
    broken: ({ kubernetes }) => {
      kubernetes.nodes.push(make.node('auto-1', { 'eks.amazonaws.com/compute-type': 'auto' }));
      kubernetes.daemonSets[0]!.nodeAffinity![0]!.matchExpressions.pop();
    },
    repaired: ({ kubernetes }) => (kubernetes.daemonSets = [make.agentSet()]),
    findings: [['DaemonSet kube-system/eks-pod-identity-agent', 'Auto Mode nodes: auto-1']],
  },
  PID107: {
    broken: ({ aws }) => (aws.roles[roleArn('node')]!.policies = { workers: make.allowing('ec2:Describe*') }),
    repaired: ({ aws }) => (aws.roles[roleArn('node')]!.policies = { all: make.allowing('eks-auth:*', CLUSTER_ARN) }),
    findings: [[`Role ${roleArn('node')}`, 'do not allow eks-auth:AssumeRoleForPodIdentity', 2]],
  },
  PID108: incident('a Job failed before', [['Job payments/report', 'is ready only since']], ({ kubernetes }) =>
    kubernetes.pods.splice(-1),
  ),
  PID201: {
    broken: (snapshot) => {
      snapshot.kubernetes.mutatingWebhooks = [];
      uninject(snapshot, 'ledger-1', 'shop-1');
    },
    repaired: (snapshot) => {
      snapshot.kubernetes.mutatingWebhooks = make.healthySnapshot(certificates.certificate).kubernetes.mutatingWebhooks;
      reinject(snapshot, 'ledger-1', 'shop-1');
    },
    findings: [
      ['MutatingWebhookConfiguration pod-identity-webhook', '1 association and 1 annotated service account need it', 2],
    ],
  },
  PID202: {
    broken: (snapshot) => {
      snapshot.kubernetes.mutatingWebhooks[0]!.caBundle = Buffer.from(other.certificate).toString('base64');
      uninject(snapshot, 'ledger-1');
    },
    repaired: (snapshot) => {
      const both = `${other.certificate}\n${certificates.certificate}`;
      snapshot.kubernetes.mutatingWebhooks[0]!.caBundle = Buffer.from(both).toString('base64');
      reinject(snapshot, 'ledger-1');
    },
    findings: [
      ['MutatingWebhookConfiguration pod-identity-webhook', 'caBundle of webhook iam-for-pods.amazonaws.com', 1],
    ],
  },
  PID203: {
    broken: (snapshot) => {
      const selector = { matchExpressions: [{ key: 'identity', operator: 'Exists' }] };
      snapshot.kubernetes.mutatingWebhooks[0]!.namespaceSelector = selector;
      uninject(snapshot, 'ledger-1', 'ledger-2');
    },
    repaired: (snapshot) => {
      named(snapshot.kubernetes.namespaces, 'payments').metadata.labels = { identity: 'yes' };
      reinject(snapshot, 'ledger-1', 'ledger-2');
    },
    findings: [['Deployment payments/ledger', 'The namespaceSelector of', 2]],
  },
  PID204: {
    broken: ({ kubernetes }) => {
      const { url: _url, caBundle: _ca, ...rest } = kubernetes.mutatingWebhooks[0]!;
      kubernetes.mutatingWebhooks.push({ ...rest, configuration: 'old-pod-identity-webhook', service: 'web/webhook' });
      for (const pod of kubernetes.pods) if (pod.metadata.namespace === 'web') pod.ready = false;
    },
    repaired: ({ kubernetes }) => (named(kubernetes.pods, 'static-1').ready = true),
    findings: [['MutatingWebhookConfiguration old-pod-identity-webhook', 'Its Service web/webhook has no ready pod']],
  },
  PID205: {
    broken: (snapshot) => {
      const pod = named(snapshot.kubernetes.pods, 'ledger-1');
      const [app] = pod.containers;
      pod.containers.push({ ...structuredClone(app!), name: 'export', env: [], volumeMounts: [] });
      pod.containers.push({ ...structuredClone(app!), name: 'audit', volumeMounts: [] });
      named(snapshot.kubernetes.pods, 'shop-1').tokenVolumes = [];
      container(snapshot, 'shop-1').volumeMounts = [];
    },
    repaired: (snapshot) => {
      const pod = named(snapshot.kubernetes.pods, 'ledger-1');
      pod.metadata.annotations = { 'eks.amazonaws.com/skip-containers': 'export,audit' };
      pod.containers.pop();
      reinject(snapshot, 'shop-1');
    },
    findings: [
      ['Deployment payments/ledger', 'Container export has no variables, but other containers', 1],
      ['Deployment payments/ledger', 'no mount for it, although the pod has a volume', 1],
      ['Deployment web/shop', 'AWS_WEB_IDENTITY_TOKEN_FILE, but no mount for it, and the pod has no volume', 1],
    ],
  },
  PID301: {
    broken: (snapshot) => {
      snapshot.aws.associations[0]!.createdAt = '2026-11-02T00:00:00.500Z';
      uninject(snapshot, 'ledger-1', 'ledger-2');
    },
    repaired: (snapshot) => reinject(snapshot, 'ledger-1', 'ledger-2'),
    findings: [['Deployment payments/ledger', 'before association a-ledger took effect', 2]],
  },
  PID302: {
    broken: (snapshot) => uninject(snapshot, 'ledger-1'),
    repaired: (snapshot) => reinject(snapshot, 'ledger-1'),
    findings: [['Deployment payments/ledger', 'association a-ledger existed before them', 1]],
  },
  PID303: {
    broken: ({ kubernetes, aws }) => {
      aws.associations.push(make.association('payments', 'reports', LEDGER));
      aws.associations.push(make.association('payments', 'legder', LEDGER));
      aws.associations.push(make.association('payments', 'refunds', LEDGER));
      kubernetes.serviceAccounts.push(make.serviceAccount('payments', 'refund'));
    },
    repaired: ({ aws }) => aws.associations.splice(1),
    findings: [
      ['Association payments/refunds', 'it has `refund`'],
      ['Association payments/reports', 'names `reports`, which namespace payments does not have.'],
      ['Association payments/legder', 'names `legder`, which namespace payments does not have.'],
    ],
  },
  PID304: {
    broken: ({ aws, kubernetes }) => {
      kubernetes.serviceAccounts.push(make.serviceAccount('web', 'cart'), make.serviceAccount('payments', 'cart'));
      aws.associations.push(make.association('payment', 'cart', LEDGER), make.association('gone', 'cart', LEDGER));
    },
    repaired: ({ aws }) => aws.associations.splice(1),
    findings: [
      ['Association payment/cart', '`payments` does'],
      ['Association gone/cart', 'names namespace `gone`, which does not exist.'],
    ],
  },
  PID306: {
    broken: ({ aws }) => {
      aws.roles[LEDGER] = null;
      aws.associations[0]!.targetRoleArn = target;
      aws.roles[target] = null;
    },
    repaired: (snapshot) => {
      healthyTrust('ledger')(snapshot);
      delete snapshot.aws.associations[0]!.targetRoleArn;
    },
    findings: [
      ['Association payments/ledger', `Role ${LEDGER} does not exist`, 2],
      ['Association payments/ledger', `Target role ${target} does not exist`, 2],
    ],
  },
  PID307: {
    broken: ({ kubernetes }) => {
      const type = (name: string) => ({ 'eks.amazonaws.com/compute-type': name });
      kubernetes.nodes.push(make.node('fargate-1', type('fargate')), make.node('hybrid-1', type('hybrid')));
      kubernetes.nodes.push({ ...make.node('windows-1'), operatingSystem: 'windows' });
      const on = { namespace: 'payments', serviceAccount: 'ledger', inject: 'pod-identity' };
      for (const name of ['fargate-1', 'hybrid-1', 'windows-1'])
        kubernetes.pods.push(make.pod(`on-${name}`, { ...on, node: name, owner: name }));
    },
    repaired: ({ kubernetes }) => {
      kubernetes.pods = kubernetes.pods.filter(
        ({ nodeName }) => nodeName === 'hybrid-1' || nodeName?.startsWith('node'),
      );
      kubernetes.daemonSets.push({ ...make.agentSet('eks-pod-identity-agent-hybrid'), nodeAffinity: [] });
      const pod = make.agentPod('hybrid-1');
      pod.metadata.owner = { kind: 'DaemonSet', name: 'eks-pod-identity-agent-hybrid' };
      kubernetes.daemonSets[1]!.nodeAffinity = [
        { matchExpressions: [{ key: 'eks.amazonaws.com/compute-type', operator: 'In', values: ['hybrid'] }] },
      ];
      kubernetes.pods.push({ ...pod, hostNetwork: true });
    },
    findings: [
      ['Deployment payments/fargate-1', 'AWS Fargate', 1],
      ['Deployment payments/hybrid-1', 'a hybrid node without', 1],
      ['Deployment payments/windows-1', 'Windows', 1],
    ],
  },
  PID309: {
    broken: ({ aws }) => aws.associations.pop(),
    repaired: ({ aws }) => aws.associations.push(make.association('payments', 'ledger', LEDGER)),
    findings: [['Deployment payments/ledger', 'payments/ledger has no association', 2]],
  },
  PID310: incident('pods run as default', [['Association web/grafana', 'Deployment grafana run as `default`', 1]]),
  PID311: incident('the load balancer controller', [['Deployment kube-system/lbc', 'the hop limit of', 1]]),
  PID401: {
    broken: ledgerCondition({ StringEquals: { ...ownTags, 'aws:RequestTag/kubernetes-service-account': 'ledgr' } }),
    repaired: healthyTrust('ledger'),
    findings: [['Association payments/ledger', 'it names "ledgr", the pod runs as "ledger"', 2]],
  },
  PID402: {
    broken: ledgerCondition({ StringEquals: ownTags }, ['sts:AssumeRole']),
    repaired: (snapshot) => (snapshot.aws.associations[0]!.disableSessionTags = true) && ledgerCondition({})(snapshot),
    findings: [['Association payments/ledger', 'does not allow sts:TagSession', 2]],
  },
  PID403: {
    broken: ledgerCondition({ ArnLike: { 'aws:SourceArn': `${CLUSTER_ARN}-old` } }),
    repaired: ledgerCondition({ ArnLike: { 'aws:SourceArn': [`${CLUSTER_ARN}-old`, CLUSTER_ARN] } }),
    findings: [['Association payments/ledger', `aws:SourceArn`, 2]],
  },
  PID404: {
    broken: targeted(targetTrust(['sts:AssumeRole']), make.allowing(['sts:AssumeRole', 'sts:TagSession'], target)),
    repaired: targeted(targetTrust(['sts:*']), make.allowing('sts:*', target)),
    findings: [['Association payments/ledger', 'trust policy of target role target must allow sts:TagSession', 2]],
  },
  PID405: incident('session tags are off', [['Association payments/ledger', 'its session tags are off', 2]]),
  PID406: incident('a Deny by a tag', [['Association payments/ledger', 'allows dynamodb:GetItem', 2]]),
  PID407: {
    broken: incident('a target role in another account', []).broken,
    repaired: ({ aws, gaps }) => {
      delete aws.associations[0]!.targetRoleArn;
      gaps.pop();
    },
    findings: [['Association payments/ledger', 'must allow sts:AssumeRole for', 2]],
  },
  PID408: {
    broken: ({ aws }) => {
      aws.roles[LEDGER]!.policies = { app: make.allowing('s3:*') };
      aws.associations[0]!.policy = make.allowing(
        Array.from({ length: 70 }, (_, index) => `s3:GetObject${index}Something`),
      );
    },
    repaired: ({ aws }) => delete aws.associations[0]!.policy,
    findings: [['Association payments/ledger', 'percent of the packed size', 2]],
  },
  PID409: {
    broken: ({ aws }) => (aws.organization = organizationWith('sts:AssumeRole')),
    repaired: ({ aws }) => (aws.organization = organizationWith('s3:*')),
    findings: [['Association payments/ledger', 'denied by statement 1 of resource control policy Services of Root', 2]],
  },
  PID501: {
    broken: setEnv('ledger-1', { name: 'AWS_ACCESS_KEY_ID' }, { name: 'AWS_SECRET_ACCESS_KEY' }),
    repaired: unsetEnv('ledger-1', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'),
    findings: [['Deployment payments/ledger', 'Container app sets AWS_ACCESS_KEY_ID', 1]],
  },
  PID502: {
    broken: setEnv('shop-1', { name: 'AWS_PROFILE' }),
    repaired: unsetEnv('shop-1', 'AWS_PROFILE'),
    findings: [['Deployment web/shop', 'sets AWS_PROFILE', 1]],
  },
  PID503: {
    broken: setEnv('ledger-1', ...make.webIdentityEnv(SHOP)),
    repaired: unsetEnv('ledger-1', 'AWS_ROLE_ARN'),
    findings: [['Deployment payments/ledger', `sets AWS_ROLE_ARN (${SHOP})`, 1]],
  },
  PID504: {
    broken: unsetEnv('ledger-1', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'),
    repaired: setEnv('ledger-1', { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE' }),
    findings: [['Deployment payments/ledger', 'without AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', 1]],
  },
  PID505: {
    broken: (snapshot) => {
      container(snapshot, 'ledger-1').image = 'public.ecr.aws/aws-cli/aws-cli:2.9.1';
      container(snapshot, 'ledger-2').image = 'registry.example:5000/ebs/aws-ebs-csi-driver:v1.25.0-eksbuild.1';
    },
    repaired: (snapshot) => {
      container(snapshot, 'ledger-1').image = 'public.ecr.aws/aws-cli/aws-cli:2.15.0';
      container(snapshot, 'ledger-2').image = 'registry.example:5000/ebs/aws-ebs-csi-driver:v1.56.0';
    },
    findings: [
      ['Deployment payments/ledger', 'aws-cli:2.9.1, which fails', 1],
      ['Deployment payments/ledger', 'aws-ebs-csi-driver:v1.25.0-eksbuild.1, which fails', 1],
    ],
  },
  PID506: {
    broken: ({ kubernetes }) =>
      (kubernetes.refusedPods = [
        {
          kind: 'ReplicaSet',
          metadata: { name: 'ledger-8f1', namespace: 'payments', owner: { kind: 'Deployment', name: 'ledger' } },
          message:
            'pods "ledger-8f1-" is forbidden: error looking up service account payments/ledgers: serviceaccount "ledgers" not found',
        },
      ]),
    repaired: ({ kubernetes }) => (kubernetes.refusedPods = []),
    findings: [['Deployment payments/ledger', 'the namespace has service account `ledger`']],
  },
  PID507: incident('MSK refuses', [['Association payments/ledger', 'the session name of its sessions changes', 2]]),
  PID508: incident('Java refuses', [['Deployment payments/ledger', 'runs Java with the agent at fd00:ec2::23', 1]]),
  PID601: {
    broken: ({ aws }) => (aws.oidcProviders = []),
    repaired: ({ aws }) =>
      (aws.oidcProviders = [{ arn: make.PROVIDER, url: ISSUER, clientIds: ['sts.amazonaws.com'] }]),
    findings: [['Cluster prod', `for ${ISSUER}, which it needs for 1 annotated service account`, 1]],
  },
  PID602: {
    broken: ({ aws }) => (aws.oidcProviders[0]!.clientIds = ['kubernetes']),
    repaired: ({ aws }) => aws.oidcProviders[0]!.clientIds.push('sts.amazonaws.com'),
    findings: [[`OidcProvider ${make.PROVIDER}`, 'kubernetes, without "sts.amazonaws.com"', 1]],
  },
  PID603: {
    broken: ({ aws }) => {
      const url = ISSUER.replace('oidc.eks.us-west-2.amazonaws.com', 'oidc-eks.us-west-2.api.aws');
      aws.oidcProviders = [
        { arn: `arn:aws:iam::${ACCOUNT}:oidc-provider/${url}`, url, clientIds: ['sts.amazonaws.com'] },
      ];
    },
    repaired: ({ aws }) =>
      aws.oidcProviders.push({ arn: make.PROVIDER, url: ISSUER, clientIds: ['sts.amazonaws.com'] }),
    findings: [
      [
        `OidcProvider arn:aws:iam::${ACCOUNT}:oidc-provider/oidc-eks.us-west-2.api.aws/id/0123456789ABCDEF0123456789ABCDEF`,
        ISSUER,
        1,
      ],
    ],
  },
  PID604: {
    broken: (snapshot) => {
      annotate('')(snapshot);
      uninject(snapshot, 'shop-1');
    },
    repaired: (snapshot) => {
      annotate(SHOP)(snapshot);
      reinject(snapshot, 'shop-1');
    },
    findings: [['ServiceAccount web/shop', 'eks.amazonaws.com/role-arn is empty', 1]],
  },
  PID605: {
    broken: (snapshot) => {
      const china = SHOP.replace('arn:aws:', 'arn:aws-cn:');
      annotate(china)(snapshot);
      container(snapshot, 'shop-1').env = make.webIdentityEnv(china);
    },
    repaired: (snapshot) => {
      annotate(SHOP)(snapshot);
      container(snapshot, 'shop-1').env = make.webIdentityEnv(SHOP);
    },
    findings: [['ServiceAccount web/shop', 'is in partition aws-cn, the cluster in aws', 1]],
  },
  PID606: {
    broken: ({ aws }) => (aws.roles[SHOP] = null),
    repaired: healthyTrust('shop'),
    findings: [['ServiceAccount web/shop', `Role ${SHOP} does not exist`, 1]],
  },
  PID607: {
    broken: setTrust('shop', make.trust(make.webIdentityStatement('system:serviceaccount:web:shp'))),
    repaired: healthyTrust('shop'),
    findings: [
      [
        'ServiceAccount web/shop',
        'names "system:serviceaccount:web:shp", the pod runs as "system:serviceaccount:web:shop"',
        1,
      ],
    ],
  },
  PID608: {
    broken: setTrust('shop', make.trust(make.webIdentityStatement(shopSubject, OLD_ISSUER))),
    repaired: setTrust(
      'shop',
      make.trust(make.webIdentityStatement(shopSubject, OLD_ISSUER), make.webIdentityStatement(shopSubject)),
    ),
    findings: [['ServiceAccount web/shop', `it trusts ${OLD_ISSUER}, the cluster's issuer is ${ISSUER}`, 1]],
  },
  PID609: {
    broken: (snapshot) => uninject(snapshot, 'shop-1'),
    repaired: (snapshot) => reinject(snapshot, 'shop-1'),
    findings: [['Deployment web/shop', 'web/shop is annotated, but its pods have no variables', 1]],
  },
  PID610: {
    broken: annotate(undefined),
    repaired: annotate(SHOP),
    findings: [['Deployment web/shop', 'web/shop no longer names a role', 1]],
  },
  PID611: {
    broken: ({ kubernetes }) =>
      (named(kubernetes.serviceAccounts, 'ledger').metadata.annotations = { 'eks.amazonaws.com/role-arn': SHOP }),
    repaired: ({ kubernetes }) => delete named(kubernetes.serviceAccounts, 'ledger').metadata.annotations,
    findings: [['ServiceAccount payments/ledger', `New pods get ${LEDGER} by Pod Identity, not ${SHOP}`]],
  },
  PID612: incident('the audience annotation', [['ServiceAccount web/shop', '"sts.amazonaw.com"', 1]]),
  PID613: {
    broken: (snapshot) => {
      uninject(snapshot, 'shop-1');
      annotate(undefined)(snapshot);
    },
    repaired: (snapshot) => {
      reinject(snapshot, 'shop-1');
      annotate(SHOP)(snapshot);
    },
    findings: [['ServiceAccount web/shop', `The trust policy of role ${SHOP} names it`, 1]],
  },
  PID701: {
    broken: setEnv('ledger-1', { name: 'HTTP_PROXY' }, { name: 'NO_PROXY', value: '10.0.0.0/8,169.254.169.254' }),
    repaired: setEnv('ledger-1', { name: 'no_proxy', value: '.svc, 169.254.0.0/16' }),
    findings: [['Deployment payments/ledger', 'sets HTTP_PROXY, but NO_PROXY lacks 169.254.170.23', 1]],
  },
  PID702: {
    broken: denyAll([
      { to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] }, selects: false }, { selects: true }] },
      { ...toAgent, ports: [{ protocol: 'UDP', port: 80 }] },
    ]),
    repaired: ({ kubernetes }) =>
      kubernetes.networkPolicies.push({
        metadata: { name: 'agent', namespace: 'payments' },
        podSelector: { matchLabels: { app: 'ledger' } },
        policyTypes: ['Egress'],
        egress: [toAgent],
      }),
    findings: [['Deployment payments/ledger', 'NetworkPolicy deny allows no egress to 169.254.170.23', 2]],
  },
  PID703: {
    broken: ({ aws }) => (aws.vpcEndpoints[0]!.state = 'pendingAcceptance'),
    repaired: ({ aws }) => (aws.vpcEndpoints[0]!.state = 'Available'),
    findings: [['VpcEndpoint vpce-1', 'Its state is pendingAcceptance']],
  },
  PID704: incident('the global endpoint of STS', [
    ['Deployment web/shop', 'sets AWS_STS_REGIONAL_ENDPOINTS to legacy', 1],
  ]),
  PID801: {
    broken: ({ aws }) =>
      (named(
        aws.instances.map((one) => ({ ...one, one, name: one.instanceId })),
        'i-node-b',
      ).one.hopLimit = 2),
    repaired: ({ aws }) => aws.instances.forEach((instance) => (instance.hopLimit = 1)),
    findings: [
      [
        `Role ${roleArn('node')}`,
        '1 workload without an identity can use it by hop limit 2: Deployment web/static.',
        1,
      ],
    ],
  },
  PID803: {
    broken: setTrust(
      'shop',
      make.trust(make.webIdentityStatement('system:serviceaccount:*:shop', ISSUER, 'StringLike')),
    ),
    repaired: setTrust(
      'shop',
      make.trust(make.webIdentityStatement('system:serviceaccount:web:shop*', ISSUER, 'StringLike')),
    ),
    findings: [[`Role ${SHOP}`, '`shop` in every namespace']],
  },
  PID804: {
    broken: setTrust('node', make.trust({ Principal: { AWS: '*' }, Action: 'sts:AssumeRole' })),
    repaired: setTrust(
      'node',
      make.trust({
        Principal: '*',
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:PrincipalAccount': ACCOUNT } },
      }),
    ),
    findings: [[`Role ${roleArn('node')}`, 'allows any principal']],
  },
  PID806: {
    broken: ({ kubernetes, aws }) => {
      aws.associations.push(make.association('payments', 'default', LEDGER));
      aws.roles[LEDGER]!.trustPolicy = make.trust(make.podIdentityStatement());
      kubernetes.pods.push(make.pod('job-1', { namespace: 'payments', inject: 'pod-identity' }));
    },
    repaired: ({ kubernetes, aws }) => {
      aws.associations.pop();
      kubernetes.pods.pop();
    },
    findings: [['ServiceAccount payments/default', `get ${LEDGER}`, 1]],
  },
  PID807: incident('compares the namespace with a wildcard', [
    [`Role ${LEDGER}`, 'every service account of the cluster'],
  ]),
  PID808: {
    broken: ({ aws }) => {
      aws.roles[roleArn('node')]!.policies = {
        workers: make.allowing(['eks-auth:*', 'eks:CreatePodIdentityAssociation', 'iam:PassRole']),
      };
    },
    repaired: ({ aws }) => {
      aws.roles[roleArn('node')]!.policies = {
        workers: make.allowing(['eks-auth:*', 'eks:CreatePodIdentityAssociation']),
      };
    },
    findings: [[`Role ${roleArn('node')}`, 'may create associations and pass 1 role of other pods: ledger']],
  },
};

export const healthy = (): Draft => make.healthySnapshot(certificates.certificate);
