import type { Incident } from './incidents.ts';
import * as make from './cluster-snapshot.ts';
import type { Draft } from './cluster-snapshot.ts';

const { ACCOUNT, ISSUER, PROVIDER, roleArn } = make;
const LEDGER = roleArn('ledger');
const SHOP = roleArn('shop');
const OTHER_ISSUER = ISSUER.replace('0123', 'FFFF');

const podOf = ({ kubernetes }: Draft, name: string) => kubernetes.pods.find(({ metadata }) => metadata.name === name)!;
const setImage = (snapshot: Draft, pod: string, image: string) => {
  podOf(snapshot, pod).containers[0]!.image = image;
};
const accountOf = ({ kubernetes }: Draft, name: string) =>
  kubernetes.serviceAccounts.find(({ metadata }) => metadata.name === name)!;
const bare = (snapshot: Draft, name: string) => {
  const pod = podOf(snapshot, name);
  pod.tokenVolumes = [];
  Object.assign(pod.containers[0]!, { env: [], volumeMounts: [] });
};
const addPod = (snapshot: Draft, namespace: string, owner: string, image: string, inject?: string, account = owner) => {
  const pod = make.pod(`${owner}-1`, {
    namespace,
    owner,
    serviceAccount: account,
    ...(inject !== undefined && { inject }),
  });
  pod.containers[0]!.image = image;
  snapshot.kubernetes.pods.push(pod);
  snapshot.kubernetes.serviceAccounts.push(make.serviceAccount(namespace, account));
  if (!snapshot.kubernetes.namespaces.some(({ metadata }) => metadata.name === namespace))
    snapshot.kubernetes.namespaces.push({
      metadata: { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace } },
    });
  return pod;
};
const egress = (snapshot: Draft, rules: Draft['kubernetes']['networkPolicies'][number]['egress']) => {
  snapshot.kubernetes.networkPolicies = [
    {
      metadata: { name: 'internet', namespace: 'payments' },
      podSelector: {},
      policyTypes: ['Egress'],
      egress: rules,
    },
  ];
};
const shopTrust = (snapshot: Draft, ...statements: object[]) => {
  snapshot.aws.roles[SHOP]!.trustPolicy = make.trust(...statements);
};
const subject = (namespace: string, name: string) => `system:serviceaccount:${namespace}:${name}`;

/** Broken clusters from public incidents, written before the checks that find them. */
export const FIELD_INCIDENTS: readonly Incident[] = [
  {
    title: 'external-dns with the first Go SDK accepts loopback hosts only',
    source: 'kubernetes-sigs/external-dns#4353',
    broken: (snapshot) => setImage(snapshot, 'ledger-1', 'registry.k8s.io/external-dns/external-dns:v0.14.1'),
    finding: ['PID505', 'Deployment payments/ledger', /external-dns:v0\.14\.1/, /image/],
    identity: ['ledger-1', 'none'],
  },
  {
    title: "the condition's key has the ARN of the provider",
    source: 'aws/karpenter-provider-aws#1666',
    broken: (snapshot) =>
      shopTrust(snapshot, {
        Principal: { Federated: PROVIDER },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringLike: { [`${PROVIDER}:sub`]: subject('web', 'shop') } },
      }),
    finding: ['PID607', 'ServiceAccount web/shop', /oidc-provider\/.*:sub/, /update-assume-role-policy/],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'one statement has the conditions of two clusters',
    source: 'aws/karpenter-provider-aws#1313',
    broken: (snapshot) =>
      shopTrust(snapshot, {
        Principal: { Federated: [PROVIDER, PROVIDER.replace('0123', 'FFFF')] },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [`${ISSUER}:sub`]: subject('web', 'shop'),
            [`${OTHER_ISSUER}:sub`]: subject('web', 'shop'),
          },
        },
      }),
    finding: ['PID607', 'ServiceAccount web/shop', /FFFF/, /update-assume-role-policy/],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'egress to any address is allowed on port 443 only',
    source: 'cilium/cilium#34387',
    broken: (snapshot) =>
      egress(snapshot, [
        { to: [{ ipBlock: { cidr: '0.0.0.0/0' }, selects: false }], ports: [{ protocol: 'TCP', port: 443 }] },
      ]),
    finding: ['PID702', 'Deployment payments/ledger', /NetworkPolicy internet.*169\.254\.170\.23.*80/, /egress|polic/i],
    identity: ['ledger-1', 'none'],
  },
  {
    title: 'the EBS CSI add-on has no role at hop limit 1',
    source: 'nebari-dev/nebari#3213',
    broken: (snapshot) =>
      void addPod(
        snapshot,
        'kube-system',
        'ebs-csi-controller',
        '602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-ebs-csi-driver:v1.55.0',
        undefined,
        'ebs-csi-controller-sa',
      ),
    finding: [
      'PID311',
      'Deployment kube-system/ebs-csi-controller',
      /aws-ebs-csi-driver.*hop limit/,
      /create-pod-identity-association.*ebs-csi-controller-sa/,
    ],
    identity: ['ebs-csi-controller-1', 'none'],
  },
  {
    title: 'a template left its variable in the annotation',
    source: 'openshift/configuration-anomaly-detection#838',
    broken: (snapshot) => {
      accountOf(snapshot, 'shop').metadata.annotations = { 'eks.amazonaws.com/role-arn': '${SHOP_ROLE_ARN}' };
    },
    finding: ['PID604', 'ServiceAccount web/shop', /\$\{SHOP_ROLE_ARN\}/, /annotate serviceaccount shop/],
    // The running pod keeps the role that it was started with.
    identity: ['shop-1', 'web-identity'],
  },
  {
    title: 'the service account has the annotation of kube2iam',
    source: 'amazon-archives/k8s-cloudwatch-adapter#47',
    broken: (snapshot) => {
      bare(snapshot, 'shop-1');
      accountOf(snapshot, 'shop').metadata.annotations = { 'iam.amazonaws.com/role': 'shop' };
    },
    finding: [
      'PID613',
      'ServiceAccount web/shop',
      /iam\.amazonaws\.com\/role/,
      /annotate serviceaccount shop .*eks\.amazonaws\.com\/role-arn/,
    ],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'a role trusts a service account that lacks the annotation',
    source: 'terraform-aws-modules/terraform-aws-iam#485',
    broken: (snapshot) => {
      bare(snapshot, 'shop-1');
      delete accountOf(snapshot, 'shop').metadata.annotations;
    },
    finding: [
      'PID613',
      'ServiceAccount web/shop',
      /role shop|role\/shop/,
      /annotate serviceaccount shop .*role-arn=.*role\/shop/,
    ],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'the target role of an association is its own role',
    source: 'external-secrets/external-secrets#4432',
    broken: (snapshot) => {
      snapshot.aws.associations[0]!.targetRoleArn = LEDGER;
      snapshot.aws.roles[LEDGER]!.policies = { app: make.allowing('s3:GetObject') };
    },
    finding: ['PID404', 'Association payments/ledger', /ledger itself/, /create-pod-identity-association/],
    identity: ['ledger-1', 'none'],
  },
  {
    title: 'the release name of the chart is part of the service account',
    source: 'aws/karpenter-provider-aws#1595',
    broken: (snapshot) => {
      const pod = addPod(snapshot, 'web', 'tidu-karpenter', 'public.ecr.aws/karpenter/controller:1.8.1', SHOP);
      pod.metadata.name = 'karpenter-1';
      accountOf(snapshot, 'tidu-karpenter').metadata.annotations = { 'eks.amazonaws.com/role-arn': SHOP };
      shopTrust(
        snapshot,
        make.webIdentityStatement(subject('web', 'karpenter')),
        make.webIdentityStatement(subject('web', 'shop')),
      );
    },
    finding: [
      'PID607',
      'ServiceAccount web/tidu-karpenter',
      /web:karpenter.*tidu-karpenter|tidu-karpenter.*web:karpenter/,
      /update-assume-role-policy/,
    ],
    identity: ['karpenter-1', 'none'],
  },
  {
    title: 'the ARN lacks the path of the role',
    source: 'hashicorp/terraform-provider-aws#34711',
    broken: (snapshot) => {
      const arn = roleArn('apps/shop');
      snapshot.aws.roles[arn] = { ...snapshot.aws.roles[SHOP]!, arn };
      snapshot.aws.roles[SHOP] = null;
    },
    finding: [
      'PID606',
      'ServiceAccount web/shop',
      /role\/apps\/shop/,
      /annotate serviceaccount shop .*role\/apps\/shop/,
    ],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'the agent of hybrid nodes is not enabled',
    source: 'aws/eks-hybrid#763',
    broken: (snapshot) => {
      snapshot.kubernetes.nodes.push(make.node('mi-1', { 'eks.amazonaws.com/compute-type': 'hybrid' }));
      podOf(snapshot, 'ledger-2').nodeName = 'mi-1';
    },
    finding: ['PID307', 'Deployment payments/ledger', /hybrid/, /update-addon.*hybrid/],
    identity: ['ledger-2', 'none'],
  },
  {
    title: 'the CloudWatch agent asks the metadata service at hop limit 1',
    source: 'aws/amazon-cloudwatch-agent-operator#119',
    broken: (snapshot) =>
      void addPod(
        snapshot,
        'amazon-cloudwatch',
        'cloudwatch-agent',
        'public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300059.0',
      ),
    finding: [
      'PID311',
      'Deployment amazon-cloudwatch/cloudwatch-agent',
      /cloudwatch-agent.*hop limit/,
      /create-pod-identity-association.*cloudwatch-agent/,
    ],
    identity: ['cloudwatch-agent-1', 'none'],
  },
  {
    title: 'the provider of Crossplane runs as a generated service account',
    source: 'crossplane-contrib/provider-upjet-aws#1459',
    broken: (snapshot) => {
      snapshot.aws.associations.push(make.association('web', 'provider-aws', LEDGER));
      snapshot.aws.roles[LEDGER]!.trustPolicy = make.trust(make.podIdentityStatement());
      addPod(snapshot, 'web', 'provider-aws-s3-3f2a91c0d5', 'xpkg.upbound.io/upbound/provider-aws-s3:v2.1.0');
    },
    finding: [
      'PID303',
      'Association web/provider-aws',
      /provider-aws-s3-3f2a91c0d5/,
      /create-pod-identity-association.*provider-aws-s3-3f2a91c0d5/,
    ],
    identity: ['provider-aws-s3-3f2a91c0d5-1', 'none'],
  },
  {
    title: 'a pod with IRSA of another account does not become ready',
    source: 'EKS User Guide, "Authenticate to another account with IRSA"',
    broken: (snapshot) => {
      const arn = roleArn('shop', '999988887777');
      accountOf(snapshot, 'shop').metadata.annotations = { 'eks.amazonaws.com/role-arn': arn };
      const pod = podOf(snapshot, 'shop-1');
      pod.ready = false;
      pod.containers[0]!.env.find(({ name }) => name === 'AWS_ROLE_ARN')!.value = arn;
      snapshot.gaps.push({ right: 'iam:GetRole', object: arn, reason: 'another account' });
    },
    finding: [
      'PID407',
      'ServiceAccount web/shop',
      /999988887777.*OIDC provider.*:sub system:serviceaccount:web:shop/,
      /owner of the account/,
    ],
  },
  {
    title: 'a policy for Pod Identity compares a session tag, and the role is bound by IRSA',
    source: 'aws/containers-roadmap#2413',
    broken: (snapshot) => {
      snapshot.aws.roles[SHOP]!.policies = {
        app: make.allowing('s3:GetObject', 'arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-namespace}/*'),
      };
    },
    finding: [
      'PID405',
      'ServiceAccount web/shop',
      /sessions of IRSA have only the tags of the role/,
      /change the policy/,
    ],
    identity: ['shop-1', 'web-identity'],
  },
  {
    title: 'the ARN of the annotation ends in a newline',
    source: 'crossplane-contrib/provider-aws#517',
    broken: (snapshot) => {
      accountOf(snapshot, 'shop').metadata.annotations = { 'eks.amazonaws.com/role-arn': `${SHOP}\n` };
      podOf(snapshot, 'shop-1').containers[0]!.env = make.webIdentityEnv(`${SHOP}\n`);
    },
    finding: ['PID604', 'ServiceAccount web/shop', /not the ARN of a role/, /annotate.*role\/shop( |$)/m],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'the annotation of EKS is on the pods, not on their service account',
    source: 'kubernetes-sigs/aws-ebs-csi-driver#1449',
    broken: (snapshot) => {
      bare(snapshot, 'shop-1');
      delete accountOf(snapshot, 'shop').metadata.annotations;
      podOf(snapshot, 'shop-1').metadata.annotations = { 'eks.amazonaws.com/role-arn': SHOP };
    },
    finding: ['PID613', 'ServiceAccount web/shop', /of its pods.*which EKS ignores/, /annotate/],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'the key of the annotation is misspelt, and the role trusts nobody yet',
    source: 'external-secrets/external-secrets#4867',
    broken: (snapshot) => {
      bare(snapshot, 'shop-1');
      accountOf(snapshot, 'shop').metadata.annotations = { 'eks.amazonaws.com/role_arn': SHOP };
      shopTrust(snapshot, make.podIdentityStatement());
    },
    finding: ['PID613', 'ServiceAccount web/shop', /Its annotation eks\.amazonaws\.com\/role_arn/, /annotate/],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'the webhook leaves a namespace out by its name',
    source: 'aws/amazon-eks-pod-identity-webhook#108',
    broken: (snapshot) => {
      bare(snapshot, 'shop-1');
      snapshot.kubernetes.mutatingWebhooks[0]!.namespaceSelector = {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['web'] }],
      };
    },
    finding: ['PID203', 'Deployment web/shop', /namespaceSelector.*excludes namespace web/, /^(?!kubectl).*selector/],
    identity: ['shop-1', 'none'],
    byHand: true,
  },
  {
    title: 'a chart sets AWS_ROLE_ARN, so the webhook adds no variables',
    source: 'cert-manager/cert-manager#2147',
    broken: (snapshot) => {
      podOf(snapshot, 'shop-1').containers[0]!.env = [{ name: 'AWS_ROLE_ARN', value: SHOP }];
    },
    finding: ['PID504', 'Deployment web/shop', /sets AWS_ROLE_ARN, but not both/, /set env .*AWS_ROLE_ARN-/],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'skip-containers names the only container',
    source: 'aws/amazon-eks-pod-identity-webhook#147',
    broken: (snapshot) => {
      const pod = podOf(snapshot, 'shop-1');
      Object.assign(pod.containers[0]!, { env: [], volumeMounts: [] });
      pod.metadata.annotations = { 'eks.amazonaws.com/skip-containers': 'app' };
    },
    finding: ['PID205', 'Deployment web/shop', /skip-containers.*all/, /skip-containers/],
    identity: ['shop-1', 'none'],
    byHand: true,
  },
  {
    title: 'egress to DNS and a database only keeps IRSA from STS',
    source: 'aws/amazon-vpc-cni-k8s#1796',
    broken: (snapshot) => {
      const ports = [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 5432 },
      ];
      egress(
        snapshot,
        ports.map((port) => ({ ports: [port] })),
      );
      snapshot.kubernetes.networkPolicies[0]!.metadata.namespace = 'web';
    },
    finding: ['PID702', 'Deployment web/shop', /NetworkPolicy internet.*STS, TCP port 443/, /443/],
    identity: ['shop-1', 'unknown'],
    byHand: true,
  },
  {
    title: 'the policy of the endpoint for EKS Auth allows another cluster only',
    source: 'aws/containers-roadmap#2619',
    broken: ({ aws }) => {
      const policy = make.trust({
        Principal: '*',
        Action: 'eks-auth:AssumeRoleForPodIdentity',
        Resource: make.CLUSTER_ARN.replace('/prod', '/dev'),
      });
      aws.vpcEndpoints.push({
        ...{ id: 'vpce-2', serviceName: 'com.amazonaws.us-west-2.eks-auth', state: 'available', policy },
      });
    },
    finding: ['PID107', `Role ${roleArn('node')}`, /VPC endpoint vpce-2 does not allow/, /VPC endpoint/],
    identity: ['ledger-1', 'unknown'],
    byHand: true,
  },
  {
    title: 'the permissions boundary of the node role omits EKS Auth',
    source: 'aws/karpenter-provider-aws#9568',
    broken: ({ aws }) => {
      aws.roles[roleArn('node')]!.permissionsBoundary = make.allowing(['ec2:*', 'ecr:*']);
    },
    finding: ['PID107', `Role ${roleArn('node')}`, /no permissions boundary allows/, /^(?!aws).*boundary/],
    identity: ['ledger-1', 'none'],
  },
  {
    title: 'an association is for kube-system, but Karpenter runs in its own namespace',
    source: 'terraform-aws-modules/terraform-aws-eks#3029',
    broken: (snapshot) => {
      addPod(snapshot, 'karpenter', 'karpenter', 'public.ecr.aws/karpenter/controller:1.8.1');
      snapshot.aws.associations.push(make.association('kube-system', 'karpenter', roleArn('karpenter')));
      snapshot.aws.roles[roleArn('karpenter')] = make.role('karpenter', make.trust(make.podIdentityStatement()));
    },
    finding: ['PID303', 'Association kube-system/karpenter', /pods of namespace karpenter run as it/, /association/],
    identity: ['karpenter-1', 'none'],
    byHand: true,
  },
];

/** Unusual clusters of the same threads, without a problem. */
export const FIELD_HEALTHY: Readonly<Record<string, (snapshot: Draft) => void>> = {
  'a role with a statement for each of two clusters': (snapshot) =>
    shopTrust(
      snapshot,
      make.webIdentityStatement(subject('web', 'shop')),
      make.webIdentityStatement(subject('web', 'shop'), OTHER_ISSUER),
    ),
  'a network policy that allows all egress': (snapshot) => egress(snapshot, [{}]),
  'the EBS CSI driver with its association': (snapshot) => {
    addPod(
      snapshot,
      'kube-system',
      'ebs-csi-controller',
      'public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.55.0',
      'pod-identity',
      'ebs-csi-controller-sa',
    );
    snapshot.aws.associations.push(make.association('kube-system', 'ebs-csi-controller-sa', roleArn('ebs')));
    snapshot.aws.roles[roleArn('ebs')] = make.role(
      'ebs',
      make.trust(make.podIdentityStatement({ StringEquals: { 'aws:SourceAccount': ACCOUNT } })),
    );
  },
  'the annotation of kube2iam next to that of EKS': (snapshot) => {
    Object.assign(accountOf(snapshot, 'shop').metadata.annotations!, { 'iam.amazonaws.com/role': 'shop' });
  },
  'a role with a path, named with it': (snapshot) => {
    const arn = roleArn('apps/shop');
    snapshot.aws.roles[arn] = { ...snapshot.aws.roles[SHOP]!, arn };
    delete snapshot.aws.roles[SHOP];
    accountOf(snapshot, 'shop').metadata.annotations = { 'eks.amazonaws.com/role-arn': arn };
    podOf(snapshot, 'shop-1').containers[0]!.env.find(({ name }) => name === 'AWS_ROLE_ARN')!.value = arn;
  },
  'a hybrid node with its agent': (snapshot) => {
    const { kubernetes } = snapshot;
    kubernetes.nodes.push(make.node('mi-1', { 'eks.amazonaws.com/compute-type': 'hybrid' }));
    kubernetes.daemonSets.push({
      ...make.agentSet('eks-pod-identity-agent-hybrid'),
      nodeAffinity: [
        { matchExpressions: [{ key: 'eks.amazonaws.com/compute-type', operator: 'In', values: ['hybrid'] }] },
      ],
    });
    kubernetes.pods.push({
      ...make.pod('agent-mi-1', {
        namespace: 'kube-system',
        node: 'mi-1',
        owner: 'eks-pod-identity-agent-hybrid',
        ownerKind: 'DaemonSet',
      }),
      hostNetwork: true,
    });
    podOf(snapshot, 'ledger-2').nodeName = 'mi-1';
  },
  'external-dns with the second Go SDK': (snapshot) =>
    setImage(snapshot, 'ledger-1', 'registry.k8s.io/external-dns/external-dns:v0.19.0'),
  'a trust policy with a wildcard for generated names of one namespace': (snapshot) => {
    const pod = addPod(
      snapshot,
      'web',
      'provider-aws-s3-3f2a91c0d5',
      'xpkg.upbound.io/upbound/provider-aws-s3:v2.1.0',
      roleArn('provider'),
    );
    accountOf(snapshot, pod.serviceAccountName).metadata.annotations = {
      'eks.amazonaws.com/role-arn': roleArn('provider'),
    };
    snapshot.aws.roles[roleArn('provider')] = make.role(
      'provider',
      make.trust(make.webIdentityStatement(subject('web', 'provider-aws-*'), ISSUER, 'StringLike')),
    );
  },
  'a pod of Windows with IRSA': (snapshot) => {
    const { kubernetes } = snapshot;
    kubernetes.nodes.push({ ...make.node('win-1', { 'kubernetes.io/os': 'windows' }), operatingSystem: 'windows' });
    const pod = podOf(snapshot, 'shop-1');
    pod.nodeName = 'win-1';
    for (const one of pod.containers[0]!.env)
      if (one.name === 'AWS_WEB_IDENTITY_TOKEN_FILE') one.value = `C:${one.value?.replaceAll('/', '\\')}`;
  },
  'an annotation and an association with the same role': (snapshot) => {
    accountOf(snapshot, 'ledger').metadata.annotations = { 'eks.amazonaws.com/role-arn': LEDGER };
  },
};
