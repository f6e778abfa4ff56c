import * as make from './cluster-snapshot.ts';
import type { Draft, DraftPod } from './cluster-snapshot.ts';

const { ACCOUNT, CLUSTER_ARN, ISSUER, PROVIDER, roleArn } = make;
const LEDGER = roleArn('ledger');
const SHOP = roleArn('shop');
const LEDGERS = 'Deployment payments/ledger';
const ASSOCIATION = 'Association payments/ledger';
const TARGET = roleArn('target', '999988887777');

/** A broken cluster from a public incident. */
export interface Incident {
  readonly title: string;
  readonly source: string;
  readonly broken: (snapshot: Draft) => void;
  /** The check, the object, words of the cause, and words of the repair or the fix. */
  readonly finding: readonly [check: string, object: string, cause: RegExp, repair: RegExp];
  /** The mechanism of a pod, where the incident is about a pod's identity. */
  readonly identity?: readonly [pod: string, mechanism: string];
  /** The repair needs something that only people know, although that of the check is often a command. */
  readonly byHand?: true;
}

const podOf = ({ kubernetes }: Draft, name: string): DraftPod =>
  kubernetes.pods.find(({ metadata }) => metadata.name === name)!;
const bare = (snapshot: Draft, ...names: string[]) => {
  for (const name of names) {
    const pod = podOf(snapshot, name);
    Object.assign(pod, { tokenVolumes: [] });
    for (const container of pod.containers) Object.assign(container, { env: [], volumeMounts: [] });
  }
};
const policies = (snapshot: Draft, role: string, statements: object[]) => {
  snapshot.aws.roles[role]!.policies = { app: make.trust(...statements) };
};
const state = (snapshot: Draft, on: string, status: object) => {
  const pod = podOf(snapshot, `agent-${on}`);
  pod.ready = false;
  Object.assign(pod.containers[0]!, { name: 'eks-pod-identity-agent', status });
};
const setTarget = (snapshot: Draft, arn: string, more: object = {}) =>
  Object.assign(snapshot.aws.associations[0]!, { targetRoleArn: arn, ...more });

export const INCIDENTS: readonly Incident[] = [
  {
    title: 'a label of the pod template opts out of the webhook',
    source: 'aws/amazon-eks-pod-identity-webhook, deploy/mutatingwebhook.yaml',
    broken: (snapshot) => {
      bare(snapshot, 'ledger-1', 'ledger-2');
      for (const name of ['ledger-1', 'ledger-2'])
        podOf(snapshot, name).metadata.labels!['eks.amazonaws.com/skip-pod-identity-webhook'] = 'true';
    },
    finding: [
      'PID203',
      LEDGERS,
      /objectSelector.*skip-pod-identity-webhook DoesNotExist.*skip-pod-identity-webhook=true/,
      /patch deployment\/ledger/,
    ],
    identity: ['ledger-1', 'none'],
  },
  {
    title: 'a second webhook of a removed chart answers nobody',
    source: 'aws/amazon-eks-pod-identity-webhook#135',
    broken: (snapshot) => {
      bare(snapshot, 'ledger-1');
      const [webhook] = snapshot.kubernetes.mutatingWebhooks;
      const { url: _url, caBundle: _ca, ...rest } = webhook!;
      snapshot.kubernetes.mutatingWebhooks.push({
        ...rest,
        ...{
          configuration: 'old-pod-identity-webhook',
          service: 'pod-identity/pod-identity-webhook',
          failurePolicy: 'Fail',
        },
      });
    },
    finding: [
      'PID204',
      'MutatingWebhookConfiguration old-pod-identity-webhook',
      /pod-identity\/pod-identity-webhook.*Fail/,
      /delete mutatingwebhookconfiguration old-pod-identity-webhook/,
    ],
    identity: ['ledger-1', 'none'],
  },
  {
    title: 'a pod starts three seconds after its association',
    source: 'aws/containers-roadmap#2507',
    broken: (snapshot) => {
      bare(snapshot, 'ledger-1', 'ledger-2');
      snapshot.aws.associations[0]!.createdAt = '2026-11-01T23:59:57Z';
    },
    finding: ['PID301', LEDGERS, /3 s after.*either.*or/, /rollout restart deployment\/ledger/],
    identity: ['ledger-1', 'none'],
  },
  {
    title: 'one of two containers has no variables',
    source: 'aws/amazon-eks-pod-identity-webhook#208',
    broken: (snapshot) => {
      const pod = podOf(snapshot, 'ledger-1');
      pod.containers.push({ ...structuredClone(pod.containers[0]!), name: 'export', env: [], volumeMounts: [] });
    },
    finding: ['PID205', LEDGERS, /export.*no variables/, /rollout restart deployment\/ledger/],
    identity: ['ledger-1', 'pod-identity'],
  },
  {
    title: 'a template has the variables of a pod that was copied, without the volume',
    source: 'aws/amazon-eks-pod-identity-webhook#210',
    broken: (snapshot) => {
      const pod = podOf(snapshot, 'ledger-1');
      pod.tokenVolumes = [];
      pod.containers[0]!.volumeMounts = [];
    },
    finding: ['PID205', LEDGERS, /app.*no volume.*eks-pod-identity-token/, /Remove/],
  },
  {
    title: 'pods run as default next to the association of their service account',
    source: 'awslabs/mountpoint-s3-csi-driver#276',
    broken: ({ kubernetes, aws }) => {
      kubernetes.serviceAccounts.push(make.serviceAccount('web', 'grafana'));
      aws.associations.push(make.association('web', 'grafana', LEDGER));
      aws.roles[LEDGER]!.trustPolicy = make.trust(make.podIdentityStatement());
      kubernetes.pods.push(make.pod('grafana-1', { namespace: 'web', owner: 'grafana' }));
    },
    finding: [
      'PID310',
      'Association web/grafana',
      /no pod.*Deployment grafana.*`default`/i,
      /set serviceaccount deployment\/grafana grafana/,
    ],
    identity: ['grafana-1', 'none'],
  },
  {
    title: 'the chart calls its service account by a longer name',
    source: 'hashicorp/terraform-provider-aws#40852',
    broken: ({ kubernetes, aws }) => {
      kubernetes.serviceAccounts.push(make.serviceAccount('web', 'grafana-agent'));
      kubernetes.pods.push(
        make.pod('grafana-1', { namespace: 'web', owner: 'agent', serviceAccount: 'grafana-agent' }),
      );
      aws.associations.push(make.association('web', 'grafana', LEDGER));
    },
    finding: [
      'PID303',
      'Association web/grafana',
      /it has `grafana-agent`/,
      /create-pod-identity-association .*--service-account grafana-agent/,
    ],
    identity: ['grafana-1', 'none'],
  },
  {
    title: 'the load balancer controller has no identity at hop limit 1',
    source: 'kubernetes-sigs/aws-load-balancer-controller#4307',
    broken: ({ kubernetes }) => {
      kubernetes.serviceAccounts.push(make.serviceAccount('kube-system', 'aws-load-balancer-controller'));
      const pod = make.pod('lbc-1', {
        namespace: 'kube-system',
        owner: 'lbc',
        serviceAccount: 'aws-load-balancer-controller',
      });
      pod.containers[0]!.image = 'public.ecr.aws/eks/aws-load-balancer-controller:v2.14.1';
      kubernetes.pods.push(pod);
    },
    finding: [
      'PID311',
      'Deployment kube-system/lbc',
      /aws-load-balancer-controller.*hop limit.*is 1/,
      /create-pod-identity-association|association/,
    ],
    identity: ['lbc-1', 'none'],
  },
  {
    title: 'another program of the host has port 80, so the agent crashes',
    source: 'aws/eks-pod-identity-agent#16',
    broken: (snapshot) => {
      state(snapshot, 'node-a', {
        reason: 'CrashLoopBackOff',
        exitCode: 1,
        message: 'listen tcp 169.254.170.23:80: bind: address already in use',
      });
      const pod = make.pod('ingress-1', { namespace: 'web', owner: 'ingress', ownerKind: 'DaemonSet' });
      Object.assign(pod, { hostNetwork: true });
      Object.assign(pod.containers[0]!, { hostPorts: [80, 443] });
      snapshot.kubernetes.pods.push(pod);
    },
    finding: [
      'PID102',
      'Node node-a',
      /CrashLoopBackOff.*exit code 1.*address already in use.*port 80.*web\/ingress-1/,
      /port/,
    ],
  },
  {
    title: 'the agent is Pending because its node is full',
    source: 'aws/eks-pod-identity-agent#159',
    broken: (snapshot) => {
      const pod = podOf(snapshot, 'agent-node-a');
      delete (pod as { nodeName?: string }).nodeName;
      Object.assign(pod, {
        phase: 'Pending',
        ready: false,
        targetNode: 'node-a',
        unschedulable: '0/2 nodes are available: 1 Insufficient memory.',
      });
    },
    finding: ['PID102', 'Node node-a', /Pending.*Insufficient memory/, /priority|logs/],
  },
  {
    title: 'a Job failed before the agent of its new node was ready',
    source: 'aws/eks-pod-identity-agent#159',
    broken: (snapshot) => {
      Object.assign(podOf(snapshot, 'agent-node-a'), { readySince: '2026-11-30T11:31:00Z' });
      const pod = make.pod('report-1', {
        ...{
          namespace: 'payments',
          serviceAccount: 'ledger',
          owner: 'report',
          ownerKind: 'Job',
          inject: 'pod-identity',
        },
        created: '2026-11-30T11:30:10Z',
      });
      Object.assign(pod, { phase: 'Failed', ready: false });
      snapshot.kubernetes.pods.push(pod);
    },
    finding: ['PID108', 'Job payments/report', /agent.*node-a.*ready.*11:31:00/, /again/],
  },
  {
    title: 'session tags are off, but a policy tests the namespace tag',
    source: 'aws/containers-roadmap#2413',
    broken: (snapshot) => {
      snapshot.aws.associations[0]!.disableSessionTags = true;
      snapshot.aws.roles[LEDGER]!.trustPolicy = make.trust(make.podIdentityStatement());
      policies(snapshot, LEDGER, [
        {
          Sid: 'Own',
          Action: 's3:GetObject',
          Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-namespace}/*',
        },
      ]);
    },
    finding: [
      'PID405',
      ASSOCIATION,
      /Own.*aws:PrincipalTag\/kubernetes-namespace.*session tags are off/,
      /--no-disable-session-tags/,
    ],
    identity: ['ledger-1', 'pod-identity'],
  },
  {
    title: 'a Deny by a tag takes what the role allows',
    source: 'aws/containers-roadmap#2413',
    broken: (snapshot) =>
      policies(snapshot, LEDGER, [
        { Action: 'dynamodb:GetItem', Resource: '*' },
        {
          ...{ Sid: 'OtherTeams', Effect: 'Deny', Action: 'dynamodb:*', Resource: '*' },
          Condition: { StringNotEquals: { 'aws:PrincipalTag/kubernetes-namespace': 'reports' } },
        },
      ]),
    finding: ['PID406', ASSOCIATION, /dynamodb:GetItem.*OtherTeams/, /tag/],
  },
  {
    title: 'a permissions boundary does not list sts, so the target role stays out of reach',
    source: 'aws-controllers-k8s/community#1953',
    broken: (snapshot) => {
      const target = roleArn('target');
      setTarget(snapshot, target);
      snapshot.aws.roles[target] = make.role(
        'target',
        make.trust({ Principal: { AWS: LEDGER }, Action: ['sts:AssumeRole', 'sts:TagSession'] }),
      );
      snapshot.aws.roles[LEDGER]!.policies = { chain: make.allowing(['sts:AssumeRole', 'sts:TagSession'], target) };
      snapshot.aws.roles[LEDGER]!.permissionsBoundary = make.allowing('s3:*');
    },
    finding: ['PID404', ASSOCIATION, /permissions boundary of role ledger/, /boundary/],
    identity: ['ledger-1', 'none'],
  },
  {
    title: 'the first role may not assume its target in another account',
    source: 'aws-controllers-k8s/community#1953',
    broken: (snapshot) => {
      setTarget(snapshot, TARGET);
      policies(snapshot, LEDGER, [{ Action: 's3:GetObject', Resource: '*' }]);
      snapshot.gaps.push({ right: 'iam:GetRole', object: TARGET, reason: 'another account' });
    },
    finding: ['PID404', ASSOCIATION, /policies of role ledger.*sts:AssumeRole/, /put-role-policy/],
    identity: ['ledger-1', 'none'],
  },
  {
    title: 'a target role in another account needs the external id of the association',
    source: 'EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"',
    broken: (snapshot) => {
      setTarget(snapshot, TARGET, {
        disableSessionTags: true,
        externalId: 'us-west-2/111122223333/prod/payments/ledger',
      });
      snapshot.aws.roles[LEDGER]!.trustPolicy = make.trust(make.podIdentityStatement());
      policies(snapshot, LEDGER, [{ Action: 'sts:AssumeRole', Resource: TARGET }]);
      snapshot.gaps.push({ right: 'iam:GetRole', object: TARGET, reason: 'another account' });
    },
    finding: [
      'PID407',
      ASSOCIATION,
      /999988887777.*sts:ExternalId.*us-west-2\/111122223333\/prod\/payments\/ledger/,
      /trust/,
    ],
  },
  {
    title: "a target role's trust policy names a deleted role by its id",
    source: 'IAM User Guide, "AWS JSON policy elements: Principal"',
    broken: (snapshot) => {
      const target = roleArn('target');
      setTarget(snapshot, target);
      snapshot.aws.roles[LEDGER]!.policies = { chain: make.allowing(['sts:AssumeRole', 'sts:TagSession'], target) };
      snapshot.aws.roles[target] = make.role(
        'target',
        make.trust({ Principal: { AWS: 'AROAEXAMPLEEXAMPLE001' }, Action: ['sts:AssumeRole', 'sts:TagSession'] }),
      );
    },
    finding: ['PID404', ASSOCIATION, /AROAEXAMPLEEXAMPLE001.*deleted/, /update-assume-role-policy --role-name target/],
    identity: ['ledger-1', 'none'],
  },
  {
    title: 'the audience annotation of a service account is misspelt',
    source: 'hashicorp/terraform-provider-aws#41473',
    broken: ({ kubernetes }) => {
      const account = kubernetes.serviceAccounts.find(({ metadata }) => metadata.name === 'shop')!;
      account.metadata.annotations!['eks.amazonaws.com/audience'] = 'sts.amazonaw.com';
    },
    finding: [
      'PID612',
      'ServiceAccount web/shop',
      /sts\.amazonaw\.com.*sts\.amazonaws\.com/,
      /annotate serviceaccount shop .*audience/,
    ],
  },
  {
    title: 'a recreated cluster has neither the provider nor the trust',
    source: 'aws/containers-roadmap#1579',
    broken: ({ aws }) => {
      aws.oidcProviders = [];
      aws.roles[SHOP]!.trustPolicy = make.trust(
        make.webIdentityStatement('system:serviceaccount:web:shop', ISSUER.replace('0123', 'FFFF')),
      );
    },
    finding: ['PID608', 'ServiceAccount web/shop', /it trusts .*FFFF/, /update-assume-role-policy/],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'ArnLike compares the subject, which is not an ARN',
    source: 'EKS User Guide, "Assign IAM roles to Kubernetes service accounts"',
    broken: ({ aws }) => {
      aws.roles[SHOP]!.trustPolicy = make.trust(
        make.webIdentityStatement('system:serviceaccount:web:sh*', ISSUER, 'ArnLike'),
      );
    },
    finding: [
      'PID607',
      'ServiceAccount web/shop',
      /ArnLike never matches.*StringLike does/,
      /update-assume-role-policy/,
    ],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'MSK refuses the changed session name at renewal',
    source: 'aws/containers-roadmap#2362',
    broken: (snapshot) =>
      policies(snapshot, LEDGER, [{ Action: 'kafka-cluster:*', Resource: `arn:aws:kafka:us-west-2:${ACCOUNT}:*` }]),
    finding: ['PID507', ASSOCIATION, /session name/, /IRSA/],
    identity: ['ledger-1', 'pod-identity'],
  },
  {
    title: 'a trust policy for Pod Identity compares the namespace with a wildcard',
    source: 'awsdocs/amazon-eks-user-guide#1047',
    broken: ({ aws }) => {
      aws.roles[LEDGER]!.trustPolicy = make.trust(
        make.podIdentityStatement({
          StringLike: { 'aws:RequestTag/kubernetes-namespace': '*', 'aws:SourceArn': CLUSTER_ARN },
        }),
      );
    },
    finding: ['PID807', `Role ${LEDGER}`, /every service account of the cluster/, /update-assume-role-policy/],
  },
  {
    title: 'Java refuses the agent of an IPv6 node',
    source: 'aws/containers-roadmap#2683',
    broken: (snapshot) => {
      const [container] = podOf(snapshot, 'ledger-1').containers;
      container!.env.find(({ name }) => name.endsWith('FULL_URI'))!.value = 'http://[fd00:ec2::23]/v1/credentials';
      container!.env.push({ name: 'JAVA_TOOL_OPTIONS' });
    },
    finding: [
      'PID508',
      LEDGERS,
      /Java.*AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE/,
      /set env deployment\/ledger .*ENDPOINT_MODE=IPv6/,
    ],
  },
  {
    title: 'a ConfigMap of envFrom sets a proxy',
    source: 'aws/eks-pod-identity-agent#26',
    broken: (snapshot) =>
      void Object.assign(podOf(snapshot, 'ledger-1').containers[0]!, { envFrom: ['ConfigMap cluster-proxy'] }),
    finding: ['PID701', LEDGERS, /ConfigMap cluster-proxy/, /NO_PROXY/],
  },
  {
    title: 'the global endpoint of STS is out of reach in a private VPC',
    source: 'EKS User Guide, "Configure the AWS Security Token Service endpoint for a service account"',
    broken: (snapshot) =>
      void podOf(snapshot, 'shop-1').containers[0]!.env.push({ name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'legacy' }),
    finding: ['PID704', 'Deployment web/shop', /AWS_STS_REGIONAL_ENDPOINTS.*legacy/, /sts-regional-endpoints/],
  },
  {
    title: 'a newer release of an image broke Pod Identity again',
    source: 'benbjohnson/litestream#1215',
    broken: (snapshot) => void (podOf(snapshot, 'ledger-1').containers[0]!.image = 'litestream/litestream:0.5.10'),
    finding: ['PID505', LEDGERS, /litestream:0\.5\.10.*litestream#1215/, /image/],
  },
  {
    title: 'a cluster of the European Sovereign Cloud trusts the issuer of its predecessor',
    source: 'aws/amazon-eks-pod-identity-webhook, 97276c42',
    broken: (snapshot) => {
      const moved = JSON.stringify({ kubernetes: snapshot.kubernetes, aws: snapshot.aws })
        .replaceAll('arn:aws:', 'arn:aws-eusc:')
        .replaceAll('us-west-2.amazonaws.com/id', 'eusc-de-east-1.amazonaws.eu/id');
      Object.assign(snapshot, JSON.parse(moved));
      const issuer = ISSUER.replace('us-west-2.amazonaws.com', 'eusc-de-east-1.amazonaws.eu');
      const shop = SHOP.replace('arn:aws:', 'arn:aws-eusc:');
      const { trustPolicy } = snapshot.aws.roles[shop]!;
      snapshot.aws.roles[shop]!.trustPolicy = trustPolicy.replaceAll(issuer, issuer.replace('0123', 'FFFF'));
    },
    finding: ['PID608', 'ServiceAccount web/shop', /amazonaws\.eu\/id\/FFFF/, /aws-eusc/],
    identity: ['shop-1', 'none'],
  },
  {
    title: 'an association that the other account owns the role of',
    source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
    broken: (snapshot) => {
      snapshot.aws.associations[0]!.roleArn = TARGET;
      snapshot.gaps.push({ right: 'iam:GetRole', object: TARGET, reason: 'another account' });
    },
    finding: ['PID407', ASSOCIATION, /999988887777.*111122223333/, /target role/],
  },
];

/** Unusual clusters without a problem. */
export const UNUSUAL: Readonly<Record<string, (snapshot: Draft) => void>> = {
  'a rollout under way, whose old pods have no variables': (snapshot) => {
    bare(snapshot, 'ledger-1');
    podOf(snapshot, 'ledger-2').metadata.labels!['pod-template-hash'] = '5f6b';
    podOf(snapshot, 'ledger-2').metadata.owner!.name = 'ledger-5f6b';
    podOf(snapshot, 'ledger-2').metadata.creationTimestamp = '2026-11-30T11:59:00Z';
  },
  'GPU nodes that the agent leaves out and no pod needs': ({ kubernetes }) => {
    kubernetes.nodes.push({ ...make.node('gpu-1'), taints: [{ key: 'gpu', effect: 'NoSchedule' }] });
    kubernetes.daemonSets[0]!.tolerations = [];
  },
  "a mesh's sidecar that another webhook added later": (snapshot) => {
    const pod = podOf(snapshot, 'ledger-1');
    pod.containers.push({ name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.28.0', env: [], volumeMounts: [] });
  },
  'a CronJob between its runs, next to a website as default': ({ kubernetes, aws }) => {
    kubernetes.serviceAccounts.push(make.serviceAccount('web', 'nightly'));
    aws.associations.push(make.association('web', 'nightly', LEDGER));
    aws.roles[LEDGER]!.trustPolicy = make.trust(make.podIdentityStatement());
  },
  'a policy with a tag that the session has, and a Deny for others': (snapshot) => {
    policies(snapshot, LEDGER, [
      { Action: 's3:*', Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-namespace}/*' },
      {
        ...{ Effect: 'Deny', Action: 's3:*', Resource: '*' },
        Condition: { StringNotEquals: { 'aws:PrincipalTag/kubernetes-namespace': 'payments' } },
      },
    ]);
  },
  'the issuer of a provider with two audiences': ({ aws }) =>
    void (aws.oidcProviders = [{ arn: PROVIDER, url: ISSUER, clientIds: ['openshift', 'sts.amazonaws.com'] }]),
};
