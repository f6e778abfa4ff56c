/** What an attacker gains with a stolen, forged or missing token. */
import {
  askEksAuth,
  assumeByToken,
  control,
  controlSucceeds,
  fails,
  fetchCredentials,
  granted,
  irsaRole,
  kubernetesApiToken,
  minted,
  noToken,
  readFile,
  refused,
  startPod,
  succeeds,
  suite,
  whoAmI,
} from '../../harness/index.ts';
import { BAD_POD_TOKEN, BAD_WEB_TOKEN, NOT_INJECTED } from '../lib/outcomes.ts';
import { EKS_AUTH_ERRORS, HOW_IT_WORKS, WEB_IDENTITY } from '../lib/sources.ts';
import { ASSOCIATED, POD_IDENTITY, TOKEN_DIRECTORY, WEB_TOKEN } from '../lib/worlds.ts';

const TOKEN_FILE = `${TOKEN_DIRECTORY}/eks-pod-identity-token`;

suite('security', ({ scenario }) => {
  scenario('SEC-01', "a pod's token works from any other pod", {
    profile: 'core',
    source: `${HOW_IT_WORKS}; eks-pod-identity-agent source, internal/validation: the caller's address is not checked`,
    finding:
      'The agent does not check which pod presents a token: anyone who reads it can use it from any pod of the cluster until it expires.',
    roles: ASSOCIATED.roles,
    workloads: {
      victim: { serviceAccount: 'victim', role: 'app' },
      thief: {
        serviceAccount: 'thief',
        env: {
          AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/var/run/secrets/conformance/tokens/stolen',
        },
      },
    },
    tokens: { stolen: { serviceAccount: 'app/victim', audience: POD_IDENTITY, boundTo: 'victim' } },
    probes: [granted('thief', whoAmI(), { as: 'app' })],
  });

  scenario('SEC-06', 'a pod without an association reaches the agent but gets no credentials', {
    source: `eks-pod-identity-agent source, internal/validation; ${EKS_AUTH_ERRORS}`,
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app' }, stranger: { serviceAccount: 'stranger' } },
    probes: [
      // Uses the address directly, regardless of injected settings.
      control('app', fetchCredentials({ via: 'ipv4' })),
      refused('stranger', fetchCredentials({ via: 'ipv4', token: noToken }), { by: 'agent', status: 400 }),
      // Newer agents check the audience themselves.
      refused('stranger', fetchCredentials({ via: 'ipv4', token: kubernetesApiToken }), {
        by: ['eks-auth', 'agent'],
        status: 400,
      }),
    ],
  });

  scenario('SEC-03', 'a token with forged claims gets no credentials', {
    source: `${EKS_AUTH_ERRORS}: InvalidTokenException`,
    roles: ASSOCIATED.roles,
    workloads: {
      victim: { serviceAccount: 'victim', role: 'app' },
      forger: { serviceAccount: 'forger', starts: 'later' },
    },
    tokens: { victims: { serviceAccount: 'app/victim', audience: POD_IDENTITY, boundTo: 'victim' } },
    probes: [
      // The agent has cached the victim's credentials by then.
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

  scenario('SEC-08', 'a container that the webhook skips has no token, although its pod has one', {
    profile: 'core',
    source: 'amazon-eks-pod-identity-webhook, README, annotation skip-containers',
    roles: ASSOCIATED.roles,
    workloads: {
      app: { role: 'app' },
      // The main container of this pod is not skipped.
      skipped: { role: 'app', container: 'init', podAnnotations: { 'eks.amazonaws.com/skip-containers': 'probe' } },
    },
    probes: [
      control('app', readFile(TOKEN_FILE)),
      refused('skipped', readFile(TOKEN_FILE), { by: 'injection', code: 'ENOENT' }),
      refused('skipped', fetchCredentials(), NOT_INJECTED),
    ],
  });

  scenario('SEC-20', 'the agent, EKS Auth and STS reject tokens signed with a secret that anyone can know', {
    source: `RFC 8725, "JSON Web Token Best Current Practices", 2.1; ${EKS_AUTH_ERRORS}; ${WEB_IDENTITY}`,
    roles: { ...ASSOCIATED.roles, web: irsaRole('app/app') },
    workloads: ASSOCIATED.workloads,
    tokens: WEB_TOKEN,
    probes: [
      control('app', fetchCredentials()),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      controlSucceeds(assumeByToken('web', 'web')),
      ...(['empty', 'audience', 'issuer', 'key-id'] as const)
        .flatMap((secret) => [`hmac-${secret}`, `hmac-${secret}-without-key-id`] as const)
        .flatMap((change) => [
          refused('app', fetchCredentials({ change }), { by: ['eks-auth', 'agent'], status: 400 }),
          fails(assumeByToken('web', 'web', { change }), BAD_WEB_TOKEN),
        ]),
      // Only two: the agent passes each token on, and many such calls look like fast polling.
      ...(['hmac-audience', 'hmac-empty-without-key-id'] as const).map((change) =>
        fails(askEksAuth('app', { change }), BAD_POD_TOKEN),
      ),
    ],
  });
});
