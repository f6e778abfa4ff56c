/** The kubelet renews the tokens of running pods. */
import {
  advanceClock,
  between,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  readFile,
  suite,
  tokenRotation,
} from '../../harness/index.ts';
import { readData, TOKEN_DIRECTORY } from '../lib/worlds.ts';

const TOKENS = 'Kubernetes documentation, "Configure Service Accounts for Pods": a kubelet requests a new token';
const TOKEN_FILE = `${TOKEN_DIRECTORY}/eks-pod-identity-token`;
/** The shortest permitted lifetime, ten minutes. */
const SHORT_TOKEN = { 'token-expiration': '600' };

suite('lifecycle', ({ scenario }) => {
  scenario('LC-08', 'the kubelet renews the token before it expires, and calls keep working', {
    source: `${TOKENS} after 80% of the lifetime of the old one`,
    profile: 'soak',
    allowSeconds: 780,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app', serviceAccountAnnotations: SHORT_TOKEN } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      granted('app', fetchCredentials()),
      granted('app', tokenRotation('pod-identity', 620), {
        // A kubelet checks its pods about once a minute, so it may renew a little early or late.
        facts: { sameSubject: true, sameAudience: true, issuedLater: between(450, 600) },
      }),
      granted('app', fetchCredentials()),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-08b', 'the kubelet renews the token once its clock has passed 80% of the lifetime', {
    source: `${TOKENS} after 80% of the lifetime of the old one`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    // One pod also has a token with a longer lifetime; only its own user can read the other's token.
    workloads: {
      app: { role: 'app', serviceAccountAnnotations: SHORT_TOKEN, automountServiceAccountToken: true },
      user: { role: 'app', runAsUser: 1000 },
    },
    probes: [
      granted('app', fetchCredentials()),
      granted('user', readFile(TOKEN_FILE), { facts: { mode: '0600' } }),
      advanceClock(490),
      granted('app', tokenRotation('pod-identity', 10), {
        facts: { sameSubject: true, sameAudience: true, issuedLater: between(488, 520) },
      }),
      granted('app', fetchCredentials()),
      granted('user', readFile(TOKEN_FILE), { facts: { mode: '0600' } }),
    ],
  });
});
