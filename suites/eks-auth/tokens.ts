/** Which service account tokens EKS Auth accepts. */
import {
  advanceClock,
  askEksAuth,
  fails,
  fetchCredentials,
  granted,
  podIdentityRole,
  refused,
  succeeds,
  suite,
  tokenRotation,
} from '../../harness/index.ts';
import { BAD_POD_TOKEN } from '../lib/outcomes.ts';
import { SIGNING_KEYS, toLastHourOfKey, toNextKey } from '../lib/signing-keys.ts';
import { EKS_AUTH, HOW_IT_WORKS } from '../lib/sources.ts';
import { ASSOCIATED, POD_IDENTITY } from '../lib/worlds.ts';

suite('eks-auth', ({ scenario }) => {
  scenario('EA-13', 'a call for an unknown cluster or without a token gets no session', {
    source: `${EKS_AUTH}, clusterName, token and errors`,
    ...ASSOCIATED,
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', { clusterName: '<cluster:c1>-absent' }), {
        by: 'eks-auth',
        code: 'ResourceNotFoundException',
        status: 404,
      }),
      // The name does not match the pattern in the API Reference.
      fails(askEksAuth('app', { clusterName: '<cluster:c1>.' }), {
        by: 'eks-auth',
        code: ['InvalidParameterException', 'InvalidRequestException'],
        status: 400,
      }),
      ...['', 'token', 'a.b', 'a.b.c', 'bm90.YW55.dG9rZW4'].map((text) =>
        fails(askEksAuth('app', { text }), BAD_POD_TOKEN),
      ),
      ...(['two-segments', 'garbage-header', 'garbage-claims'] as const).map((change) =>
        fails(askEksAuth('app', { change }), BAD_POD_TOKEN),
      ),
    ],
  });

  scenario('EA-17', "EKS Auth accepts a token signed with the cluster's next key", {
    source: `${EKS_AUTH}, token; ${SIGNING_KEYS}`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', serviceAccountAnnotations: { 'token-expiration': '600' } } },
    probes: [
      granted('app', fetchCredentials()),
      toLastHourOfKey(),
      toNextKey(),
      granted('app', tokenRotation('pod-identity', 10)),
      refused('app', fetchCredentials({ change: 'flip-signature' }), { by: 'eks-auth', status: 400 }),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('EA-03', 'EKS Auth accepts only tokens that the cluster signed for Pod Identity and for a pod', {
    source: `${HOW_IT_WORKS}; ${EKS_AUTH}, errors`,
    ...ASSOCIATED,
    tokens: {
      unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY },
      secret: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundToSecret: true },
    },
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', { audience: 'sts.amazonaws.com' }), BAD_POD_TOKEN),
      fails(askEksAuth('app', { token: 'unbound' }), BAD_POD_TOKEN),
      fails(askEksAuth('app', { token: 'secret' }), BAD_POD_TOKEN),
      ...(['flip-signature', 'self-signed', 'alg-none'] as const).map((change) =>
        fails(askEksAuth('app', { change }), BAD_POD_TOKEN),
      ),
    ],
  });

  scenario('EA-04', 'EKS Auth rejects an expired token', {
    source: `${EKS_AUTH}, ExpiredTokenException`,
    ...ASSOCIATED,
    // The token is bound to a pod, so the pod must exist.
    tokens: { short: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app', expirationSeconds: 600 } },
    probes: [
      succeeds(askEksAuth('app', { token: 'short' }), { roleArn: '<role:app>' }),
      advanceClock(660),
      fails(askEksAuth('app', { token: 'short' }), { by: 'eks-auth', code: 'ExpiredTokenException', status: 400 }),
    ],
  });

  scenario('EA-05', 'EKS Auth rejects a token of another cluster with the same association', {
    source: `${EKS_AUTH}, clusterName and token`,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, there: { cluster: 'c2', role: 'app' } },
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      succeeds(askEksAuth('there'), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', { cluster: 'c2' }), BAD_POD_TOKEN),
    ],
  });
});
