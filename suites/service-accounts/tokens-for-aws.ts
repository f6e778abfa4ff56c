/** What a requested token allows in AWS, by IRSA and by Pod Identity. */
import {
  assumeWithWebIdentity,
  control,
  createToken,
  deletePod,
  fetchCredentials,
  granted,
  irsaRole,
  minted,
  podIdentityRole,
  podIdentityToken,
  refused,
  startPod,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { HOW_IT_WORKS } from '../lib/sources.ts';
import { ASSOCIATED, POD_IDENTITY, readData } from '../lib/worlds.ts';
import { ACCOUNT, STS, TOKEN_MAKER } from './lib/token-requests.ts';

suite('service-accounts', ({ scenario }) => {
  scenario('RB-02', 'a user who may create tokens of a service account can act as its IRSA role, from anywhere', {
    profile: 'core',
    source:
      'Amazon EKS Best Practices Guide, "Identity and Access Management"; STS API Reference, AssumeRoleWithWebIdentity',
    finding:
      'create on serviceaccounts/token is enough to act as the IRSA role of any service account of the namespace: no pod is needed, and the token works outside the cluster.',
    roles: { app: irsaRole('app/app', readData) },
    // A workload of another service account uses the token, because nothing binds it to its own workload.
    workloads: { app: { irsa: 'app' }, courier: { serviceAccount: 'courier' } },
    users: { maker: TOKEN_MAKER },
    tokens: { made: { serviceAccount: 'app/app', audience: STS } },
    probes: [
      succeeds(createToken('app/app', { as: 'maker', audience: STS })),
      granted('courier', assumeWithWebIdentity('app', { token: minted('made') }), {
        facts: { subject: ACCOUNT, audience: STS },
      }),
    ],
  });

  scenario('RB-03', 'Pod Identity rejects a token that is not bound to a pod', {
    profile: 'core',
    source: `${HOW_IT_WORKS}: the token is the pod's`,
    ...ASSOCIATED,
    tokens: { unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY } },
    probes: [
      control('app', fetchCredentials({ token: podIdentityToken })),
      // Newer agents read the pod from the token, and reject it before they call EKS Auth.
      refused('app', fetchCredentials({ token: minted('unbound') }), {
        by: ['eks-auth', 'agent'],
        code: ['InvalidTokenException', 'InvalidRequestException', 'InvalidParameterException', '400'],
        status: 400,
      }),
    ],
  });

  scenario('RB-05', 'a token that the API bound to a pod works like the projected one', {
    profile: 'core',
    source: 'Kubernetes documentation, TokenRequest API, boundObjectRef',
    finding:
      'create on serviceaccounts/token together with a running pod of the service account is enough to get its Pod Identity credentials, through the agent of any node.',
    ...ASSOCIATED,
    tokens: { bound: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } },
    probes: [granted('app', fetchCredentials({ token: minted('bound') }))],
  });

  scenario('RB-11b', "STS accepts a deleted pod's token until it expires", {
    source: 'STS API Reference, AssumeRoleWithWebIdentity: the token is checked with the public keys of its issuer',
    finding: "STS checks only a token's signature and dates: deleting the pod does not invalidate its IRSA token.",
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' }, courier: { serviceAccount: 'courier', starts: 'later' } },
    tokens: { bound: { serviceAccount: 'app/app', audience: STS, boundTo: 'app' } },
    probes: [
      deletePod('app'),
      startPod('courier'),
      granted('courier', assumeWithWebIdentity('app', { token: minted('bound') })),
    ],
  });

  scenario('RB-11c', "the agent accepts a deleted pod's token until it expires", {
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity: no error is documented for a deleted pod',
    finding:
      'EKS Auth relies on the claims of the token: deleting the pod does not invalidate its Pod Identity token, which works from any pod of the cluster.',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, courier: { serviceAccount: 'courier', starts: 'later' } },
    tokens: { bound: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } },
    probes: [
      deletePod('app'),
      startPod('courier'),
      granted('courier', fetchCredentials({ via: 'ipv4', token: minted('bound') })),
    ],
  });
});
