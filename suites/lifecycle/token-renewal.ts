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

const TOKENS = 'Kubernetes documentation, "Configure Service Accounts for Pods": a kubelet asks for a new token';
const TOKEN_FILE = `${TOKEN_DIRECTORY}/eks-pod-identity-token`;
/** A token lives as short as it may: ten minutes. */
const SHORT_TOKEN = { 'token-expiration': '600' };

suite('lifecycle', ({ scenario }) => {
  scenario('LC-08', 'the kubelet renews the token before it expires, and calls keep working', {
    source: `${TOKENS} when the old one has lived 80 % of its time`,
    profile: 'soak',
    allowSeconds: 780,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app', serviceAccountAnnotations: SHORT_TOKEN } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      granted('app', fetchCredentials()),
      granted('app', tokenRotation('pod-identity', 620), {
        // A kubelet that is a little early or late is right: it looks at its pods every minute or so.
        facts: { sameSubject: true, sameAudience: true, issuedLater: between(450, 600) },
      }),
      granted('app', fetchCredentials()),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-08b', 'the kubelet renews the token when 80 % of its time are over by the clock', {
    source: `${TOKENS} when the old one has lived 80 % of its time`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    // With another token beside, which lives longer, or a user to whom alone it belongs.
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
