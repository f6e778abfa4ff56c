/** What an attacker would try, or a mistake would open. */
import { expect } from 'chai';
import {
  allow,
  check,
  connect,
  control,
  controlSucceeds,
  createAssociationFor,
  denied,
  deny,
  fails,
  fetchCredentials,
  forPrincipal,
  getObject,
  granted,
  irsaRole,
  kubernetesApiToken,
  minted,
  noToken,
  podIdentityRole,
  readFile,
  refused,
  startPod,
  succeeds,
  suite,
  trustPodIdentity,
  wait,
  whoAmI,
  type PermissionStatement,
} from '../harness/index.ts';
import { EKS_AUTH_ERRORS, EVALUATION, HOW_IT_WORKS } from './lib/sources.ts';
import { POD_IDENTITY, readData } from './lib/worlds.ts';

const PASS_ROLE = `IAM User Guide, "Grant a user permissions to pass a role to an AWS service"; Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account"`;
const NETWORK_POLICIES = 'Kubernetes documentation, "Network Policies"';

const AGENT_URI = 'http://169.254.170.23/v1/credentials';
const TOKEN_FILE = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token';
const AGENTS = '/api/v1/namespaces/kube-system/pods';
const MINTED = '/var/run/secrets/conformance/tokens';

/** A controller in the cluster that makes associations, with a role of its own by IRSA. */
const controller = (...permissions: readonly PermissionStatement[]) =>
  irsaRole('app/controller', allow('eks:CreatePodIdentityAssociation', '*'), ...permissions);
const CONTROLLER_TOKEN = { serviceAccount: 'app/controller', audience: 'sts.amazonaws.com' } as const;

suite('security', ({ scenario }) => {
  scenario('SEC-01', "a pod's token works from any other pod", {
    profile: 'core',
    source: `${HOW_IT_WORKS}; eks-pod-identity-agent source, internal/validation: the caller's address is not looked at`,
    finding:
      'The agent does not ask which pod presents a token: whoever reads it can use it from any pod of the cluster until it expires.',
    roles: { app: podIdentityRole() },
    workloads: {
      victim: { serviceAccount: 'victim', role: 'app' },
      thief: {
        serviceAccount: 'thief',
        env: {
          AWS_CONTAINER_CREDENTIALS_FULL_URI: AGENT_URI,
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${MINTED}/stolen`,
        },
      },
    },
    tokens: { stolen: { serviceAccount: 'app/victim', audience: POD_IDENTITY, boundTo: 'victim' } },
    probes: [granted('thief', whoAmI(), { as: 'app' })],
  });

  scenario('SEC-06', 'a pod that was given nothing reaches the agent and gets nothing', {
    source: `eks-pod-identity-agent source, internal/validation; ${EKS_AUTH_ERRORS}`,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, stranger: { serviceAccount: 'stranger' } },
    probes: [
      // By the address itself, whatever was injected.
      control('app', fetchCredentials({ via: 'ipv4' })),
      refused('stranger', fetchCredentials({ via: 'ipv4', token: noToken }), { by: 'agent', status: 400 }),
      // Later agents look for the audience themselves.
      refused('stranger', fetchCredentials({ via: 'ipv4', token: kubernetesApiToken }), {
        by: ['eks-auth', 'agent'],
        status: 400,
      }),
    ],
  });

  scenario('SEC-03', 'nobody gets credentials by claims that he wrote himself', {
    source: `${EKS_AUTH_ERRORS}: InvalidTokenException`,
    roles: { app: podIdentityRole() },
    workloads: {
      victim: { serviceAccount: 'victim', role: 'app' },
      forger: { serviceAccount: 'forger', starts: 'later' },
    },
    tokens: { victims: { serviceAccount: 'app/victim', audience: POD_IDENTITY, boundTo: 'victim' } },
    probes: [
      // The agent holds the victim's credentials by then.
      control('victim', fetchCredentials({ token: minted('victims') })),
      startPod('forger'),
      ...(['self-signed', 'flip-signature'] as const).map((change) =>
        refused('forger', fetchCredentials({ via: 'ipv4', token: minted('victims'), change }), {
          by: 'eks-auth',
          code: 'InvalidTokenException',
          status: 400,
        }),
      ),
    ],
  });

  scenario('SEC-07', 'a name that leads to the agent is none of its addresses', {
    source: 'eks-pod-identity-agent source, internal/validation: the host is an address, which keeps DNS rebinding out',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', fetchCredentials()),
      ...['rebind.example.com', '169.254.170.23.example.com:80', 'app.169.254.170.23'].map((host) =>
        refused('app', fetchCredentials({ host }), { by: 'agent', status: 403, message: 'Access Denied' }),
      ),
    ],
  });

  scenario('SEC-08', 'a container that the webhook was told to skip has no token, though its pod has', {
    profile: 'core',
    source: 'amazon-eks-pod-identity-webhook, README, annotation skip-containers',
    roles: { app: podIdentityRole() },
    workloads: {
      app: { role: 'app' },
      // Beside a main container that is not skipped.
      skipped: {
        role: 'app',
        container: 'init',
        podAnnotations: { 'eks.amazonaws.com/skip-containers': 'probe' },
      },
    },
    probes: [
      control('app', readFile(TOKEN_FILE)),
      refused('skipped', readFile(TOKEN_FILE), { by: 'injection', code: 'ENOENT' }),
      refused('skipped', fetchCredentials(), { by: 'injection', code: 'NoCredentialsSettings' }),
    ],
  });

  scenario('SEC-09', 'who may not pass a role cannot associate it', {
    source: PASS_ROLE,
    roles: {
      app: podIdentityRole(),
      passer: controller(
        allow('iam:PassRole', '<role:app>', { StringEquals: { 'iam:PassedToService': POD_IDENTITY } }),
        allow('iam:GetRole', '<role:app>'),
      ),
      creator: controller(allow('iam:GetRole', '*')),
    },
    tokens: { controller: CONTROLLER_TOKEN },
    workloads: { app: {}, controller: { serviceAccount: 'controller' } },
    probes: [
      fails(createAssociationFor('app/app', { role: 'app' }, { as: { role: 'creator', token: 'controller' } }), {
        by: 'eks',
        code: 'AccessDeniedException',
        message: 'iam:PassRole',
      }),
      controlSucceeds(
        createAssociationFor('app/app', { role: 'app' }, { as: { role: 'passer', token: 'controller' } }),
      ),
    ],
  });

  scenario('SEC-10', 'who may pass any role can give pods any role that trusts Pod Identity', {
    source: PASS_ROLE,
    finding:
      'iam:PassRole on * with eks:CreatePodIdentityAssociation is enough to run pods as any role that trusts pods.eks.amazonaws.com: name the roles that may be passed, and condition their trust on namespace and cluster.',
    roles: {
      // As the minimum that AWS documents: no condition says for which pods the role is.
      powerful: { trust: [trustPodIdentity()] },
      creator: controller(allow(['iam:PassRole', 'iam:GetRole'], '*')),
    },
    tokens: { controller: CONTROLLER_TOKEN },
    workloads: { app: {}, controller: { serviceAccount: 'controller' } },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'powerful' }, { as: { role: 'creator', token: 'controller' } })),
    ],
  });

  scenario('SEC-11', "an explicit deny in a bucket's policy wins over what the role may do", {
    profile: 'core',
    source: EVALUATION,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    buckets: { data: { policy: [forPrincipal('*', deny('s3:GetObject', 'data/secret/*'))] } },
    objects: ['data/open/key', 'data/secret/key'],
    probes: [
      granted('app', getObject('data/open/key')),
      denied('app', getObject('data/secret/key'), {
        by: 's3',
        code: 'AccessDenied',
        status: 403,
        policy: 'resource',
        explicit: true,
      }),
    ],
  });

  scenario('SEC-12', 'a permissions boundary limits what the role may do', {
    profile: 'core',
    source: `IAM User Guide, "Permissions boundaries for IAM entities"; ${EVALUATION}`,
    roles: { app: { ...podIdentityRole(readData), boundary: [allow('s3:*', 'data/open/*')] } },
    workloads: { app: { role: 'app' } },
    objects: ['data/open/key', 'data/secret/key'],
    probes: [
      granted('app', getObject('data/open/key')),
      denied('app', getObject('data/secret/key'), {
        by: 's3',
        code: 'AccessDenied',
        status: 403,
        policy: 'boundary',
        explicit: false,
      }),
    ],
  });

  scenario('SEC-13', 'a network policy that lets a pod reach agent and AWS is enough for it', {
    // Whether a policy reaches as far as the agent is left open: traffic to the own node may always pass.
    source: `${NETWORK_POLICIES}: default deny of egress; "What you can't do with network policies": block traffic to the own node`,
    finding:
      'A policy that denies egress need not keep a pod from the agent, which is on its own node; where the network plugin applies it there too, allow 169.254.170.23/32 on TCP port 80.',
    roles: { app: podIdentityRole(readData) },
    workloads: {
      open: { role: 'app' },
      closed: { role: 'app', egress: ['agent'] },
      allowed: { role: 'app', egress: ['agent', 'aws'] },
    },
    objects: ['data/key'],
    probes: [
      control('open', connect('aws')),
      refused('closed', connect('aws', { until: 'closed' }), { by: 'network' }),
      // With its policy in force.
      granted('closed', fetchCredentials({ via: 'ipv4' })),
      // Until its policy is in force a pod may open any connection: the other's policy, made with it, is by now.
      wait(2),
      granted('allowed', connect('aws', { until: 'open' })),
      granted('allowed', fetchCredentials({ via: 'ipv4' })),
      granted('allowed', getObject('data/key')),
    ],
  });

  scenario('SEC-14', "the agent's log holds no token and no key", {
    source:
      'Amazon EKS Best Practices Guide, "Identity and Access Management"; OWASP, "Logging Cheat Sheet": data to exclude',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      granted('app', fetchCredentials()),
      refused('app', fetchCredentials({ change: 'flip-signature' }), { by: 'eks-auth', status: 400 }),
      check('no line of the log has a token or an access key', async ({ kubernetes }) => {
        const list = await kubernetes({
          path: `${AGENTS}?labelSelector=app.kubernetes.io/name=eks-pod-identity-agent`,
        });
        const { items } = JSON.parse(list.body) as { items: readonly { metadata: { name: string } }[] };
        const logs = await Promise.all(
          items.map(({ metadata: { name } }) =>
            kubernetes({ path: `${AGENTS}/${name}/log?container=eks-pod-identity-agent&tailLines=2000` }),
          ),
        );
        const lines = logs.flatMap(({ body }) => body.split('\n'));
        expect(lines.filter((line) => line.includes('fetched_role_arn')).length, 'lines on sessions').to.be.above(0);
        // Counted, so that a secret that is found stays where it is. The ID of a role, which begins with AROA, may go on like that of a key.
        const secret = /eyJ[\w-]{10,}\.[\w-]{10,}|\bA[KS]IA[A-Z0-9]{12,}|SecretAccessKey|"token":/;
        expect(lines.filter((line) => secret.test(line)).length, 'lines with a secret').to.equal(0);
      }),
    ],
  });

  scenario('SEC-16', 'an SDK takes no token to a foreign host over plain HTTP', {
    source: 'AWS SDKs and Tools Reference Guide, "Container credential provider", AWS_CONTAINER_CREDENTIALS_FULL_URI',
    roles: { app: podIdentityRole() },
    workloads: {
      app: { role: 'app' },
      // A documentation address (RFC 5737): nobody is there.
      misled: {
        role: 'app',
        env: {
          AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://192.0.2.1/v1/credentials',
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${MINTED}/bait`,
        },
      },
    },
    tokens: { bait: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } },
    probes: [
      control('app', fetchCredentials({ token: minted('bait') })),
      refused('misled', whoAmI(), { by: 'injection', code: 'UriNotAccepted', message: '192.0.2.1' }),
    ],
  });
});
