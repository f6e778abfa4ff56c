/** The kubelet renews the tokens of running pods. */
import { expect } from 'chai';
import {
  advanceClock,
  between,
  check,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  readFile,
  recreateServiceAccount,
  suite,
  tokenRotation,
  type CheckContext,
} from '../../harness/index.ts';
import { NAMESPACE } from '../lib/namespace-requests.ts';
import { asker, changePod, logOf, mountedTokens, podOf, tells, TOKEN_FOLDER } from '../lib/programs.ts';
import { readData, TOKEN_DIRECTORY } from '../lib/worlds.ts';
import { isGood, newToken } from '../service-accounts/lib/token-requests.ts';

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

  scenario('LC-27', 'a mounted token of a recreated service account stays the old one until its renewal', {
    keywords: ['rotation'],
    source:
      'kubernetes/kubernetes, issue 132802: for volumes, the kubelet does not know the UID of the service account, so its cache does not notice the recreation',
    finding:
      'Pods that run while their service account is recreated keep a token of the deleted one, which the API server rejects. Restart them.',
    needs: ['cluster-clock'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('a pod prints the UID of its account', (context) => startReader(context, 'reads')),
      recreateServiceAccount('app'),
      check('the kubelet looks at the pod again', (context) =>
        changePod(context, 'reads', { annotations: { 'example.com/changed': 'yes' } }),
      ),
      // 80% of the lifetime of the control's token, but not of this one.
      check('another pod starts with the new account', (context) => startReader(context, 'fresh', 600)),
      advanceClock(490),
      check('only the due token is renewed', async (context) => {
        expect(await tells(context, 'fresh', RENEWED, 'app', 12), 'the due token').to.equal(true);
        expect(await logOf(context, 'reads')).not.to.match(RENEWED);
      }),
      advanceClock(2500),
      check('the renewed token is of the new account', async (context) => {
        expect(await tells(context, 'reads', RENEWED, 'app', 12), 'renewal').to.equal(true);
        const [before, after] = uidsOf(await logOf(context, 'reads'));
        const [fresh] = uidsOf(await logOf(context, 'fresh'));
        expect(after, 'UID of the new account').to.equal(fresh);
        expect(before, 'UID of the old account').not.to.equal(fresh);
      }),
    ],
  });

  scenario('LC-28', 'the kubelet does not renew a token issued by a clock that ran fast', {
    source: 'kubernetes/kubernetes, issue 132993: a token is renewed by its age, so never before its start',
    finding:
      'If a clock runs ahead and is corrected, tokens issued meanwhile are not valid yet, and the kubelet keeps them. Restart the pods.',
    needs: ['cluster-clock'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      advanceClock(7200),
      check('a pod starts while the clock is ahead', (context) => startReader(context, 'ahead', 600)),
      advanceClock(-7200),
      check('another pod starts with the right clock', (context) => startReader(context, 'control', 600)),
      advanceClock(490),
      check('only the token of the other pod is renewed', async (context) => {
        expect(await tells(context, 'control', RENEWED, 'app', 12), 'control').to.equal(true);
        expect(await logOf(context, 'ahead')).not.to.match(RENEWED);
      }),
      advanceClock(7200),
      check('the token is renewed by its own times', async (context) => {
        expect(await tells(context, 'ahead', RENEWED, 'app', 12), 'ahead').to.equal(true);
      }),
    ],
  });

  scenario('LC-29', 'the kubelet does not renew the token of a terminating pod', {
    source: 'kubernetes/kubernetes, issue 116481: a terminating pod keeps its volumes as they are',
    finding:
      'A token may expire during a long grace period. Keep terminationGracePeriodSeconds below 20% of the lifetime of the token.',
    needs: ['cluster-clock'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('a pod terminates slowly, and another runs', async (context) => {
        await startReader(context, 'ends', 600);
        await startReader(context, 'control', 600);
        await asker(context)('DELETE', 'pods/ends');
        expect(await tells(context, 'ends', /terminating/, 'app', 12), 'SIGTERM').to.equal(true);
      }),
      advanceClock(490),
      check('only the token of the running pod is renewed', async (context) => {
        expect(await tells(context, 'control', RENEWED, 'app', 12), 'control').to.equal(true);
        expect((await asker(context)('GET', 'pods/ends')).metadata).to.have.property('deletionTimestamp');
        expect(await logOf(context, 'ends')).not.to.match(RENEWED);
        await asker(context)('DELETE', 'pods/ends?gracePeriodSeconds=0');
      }),
    ],
  });

  scenario('LC-30', 'a repeated deletion of a terminating pod does not end its token in the past', {
    source:
      'kubernetes/kubernetes, pull request 122646: a shorter grace period does not move the deletionTimestamp into the past; pull request 89583: tokens during the grace period; kubernetes/website, pull request 47404',
    finding:
      'Before Kubernetes 1.33, a second deletion with a shorter grace period may invalidate the token at once, while the pod still runs.',
    needs: ['cluster-clock'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('a pod terminates slowly', async (context) => {
        await startReader(context, 'ends');
        expect(await isTokenGood(context, 'ends'), 'before the deletion').to.equal(true);
        await asker(context)('DELETE', 'pods/ends');
        expect(await isTokenGood(context, 'ends'), 'after the deletion').to.equal(true);
        const end = await endOf(context, 'ends');
        // The grace period starts at the first deletion, and later deletions can only shorten it.
        await asker(context)('DELETE', 'pods/ends?gracePeriodSeconds=3000');
        expect(end - (await endOf(context, 'ends')), 'seconds less').to.equal(600);
        await asker(context)('DELETE', 'pods/ends?gracePeriodSeconds=3500');
        expect(end - (await endOf(context, 'ends')), 'seconds less, after a longer period').to.equal(600);
        expect(await isTokenGood(context, 'ends'), 'with a shorter period').to.equal(true);
      }),
      advanceClock(490),
      check('the token is valid after another deletion', async (context) => {
        expect(await isTokenGood(context, 'ends'), 'before the deletion').to.equal(true);
        await asker(context)('DELETE', 'pods/ends?gracePeriodSeconds=300');
        expect(await isTokenGood(context, 'ends'), 'with a period that is already over').to.equal(true);
      }),
      advanceClock(120),
      check('the token ends a minute after the pod should', async (context) => {
        const { kubernetes, name } = context;
        expect(await isTokenGood(context, 'ends')).to.equal(false);
        await kubernetes({ method: 'DELETE', path: name(`${NAMESPACE}/pods/ends?gracePeriodSeconds=0`) });
      }),
    ],
  });
});

const RENEWED = /renewed/;

/** Starts a pod that prints the UID of its token's service account at its start and at each renewal. */
async function startReader(context: CheckContext, pod: string, expirationSeconds = 3600): Promise<void> {
  const path = `${TOKEN_FOLDER}/token`;
  const sources = [{ serviceAccountToken: { path: 'token', audience: 'vault.example.com', expirationSeconds } }];
  const program = `
const read = () => require('fs').readFileSync('${path}', 'utf8');
const print = (what, token) =>
  console.log(what, JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))['kubernetes.io'].serviceaccount.uid);
let known = read();
process.on('SIGTERM', () => console.log('terminating'));
setInterval(() => { if (known !== read()) print('renewed', (known = read())); }, 100);
print('started', known);`;
  await asker(context)(
    'POST',
    'pods',
    await podOf(context, pod, program, {
      ...mountedTokens(sources),
      spec: { terminationGracePeriodSeconds: 3600 },
    }),
  );
  if (!(await tells(context, pod, /started/))) throw new Error(`Timed out: pod ${pod} has not started.`);
}

const uidsOf = (log: string): readonly string[] =>
  [...log.matchAll(/(?:started|renewed) (\S+)/g)].map(([, uid = '']) => uid);

/** Returns whether the API server accepts a token that is bound to the pod. */
const isTokenGood = async (context: CheckContext, pod: string): Promise<boolean> =>
  isGood(context, await newToken(context, { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod } }));

/** Returns the pod's deletionTimestamp in seconds since the epoch. */
const endOf = async (context: CheckContext, pod: string): Promise<number> =>
  Date.parse((await asker(context)('GET', `pods/${pod}`)).metadata.deletionTimestamp ?? '') / 1000;
