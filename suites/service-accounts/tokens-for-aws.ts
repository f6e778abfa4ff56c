/** What a requested token is worth to AWS: to IRSA and to Pod Identity. */
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
    // The token is used by a workload of another service account: nothing ties it to the one that it was made for.
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

  scenario('RB-03', 'Pod Identity takes no token that is bound to no pod', {
    profile: 'core',
    source: `${HOW_IT_WORKS}: the token is the pod's`,
    ...ASSOCIATED,
    tokens: { unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY } },
    probes: [
      control('app', fetchCredentials({ token: podIdentityToken })),
      // The agent of later versions reads the pod from the token itself, and so refuses before EKS Auth is asked.
      refused('app', fetchCredentials({ token: minted('unbound') }), {
        by: ['eks-auth', 'agent'],
        code: ['InvalidTokenException', 'InvalidRequestException', 'InvalidParameterException', '400'],
        status: 400,
      }),
    ],
  });

  scenario('RB-05', 'a token that the API bound to the pod is as good as the projected one', {
    profile: 'core',
    source: 'Kubernetes documentation, TokenRequest API, boundObjectRef',
    finding:
      'create on serviceaccounts/token together with a running pod of the service account is enough to get its Pod Identity credentials, through the agent of any node.',
    ...ASSOCIATED,
    tokens: { bound: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } },
    probes: [granted('app', fetchCredentials({ token: minted('bound') }))],
  });

  scenario('RB-11b', "a deleted pod's token is still good for STS until it expires", {
    source: 'STS API Reference, AssumeRoleWithWebIdentity: the token is checked with the public keys of its issuer',
    finding:
      "STS checks a token's signature and dates alone: deleting the pod does not end what its IRSA token can do.",
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' }, courier: { serviceAccount: 'courier', starts: 'later' } },
    tokens: { bound: { serviceAccount: 'app/app', audience: STS, boundTo: 'app' } },
    probes: [
      deletePod('app'),
      startPod('courier'),
      granted('courier', assumeWithWebIdentity('app', { token: minted('bound') })),
    ],
  });

  scenario('RB-11c', "a deleted pod's token is still good for the agent until it expires", {
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity: no error is told for a pod that is gone',
    finding:
      'EKS Auth goes by what the token says: deleting the pod does not end what its Pod Identity token can do, from any pod of the cluster.',
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
