/** Service account tokens in volumes: their audience and lifetime, and when the kubelet renews them. */
import { expect } from 'chai';
import { advanceClock, check, granted, readFile, suite, type CheckContext } from '../../harness/index.ts';
import { askerOf } from '../lib/namespace-requests.ts';
import {
  API_ACCESS,
  asker,
  logOf,
  MESSAGE,
  messageOf,
  mountedTokens,
  podOf,
  tells,
  TOKEN_FOLDER,
} from '../lib/programs.ts';

suite('volumes', ({ scenario }) => {
  scenario('RB-36', 'the kubelet renews each token of a pod at its own time, even if nothing else changes', {
    keywords: ['rotation', 'token expiry'],
    source:
      'Kubernetes documentation, "Configure Service Accounts for Pods": a kubelet requests a new token after 80% of the lifetime of the old one, or after 24 hours',
    needs: ['cluster-clock'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('pods read their tokens', async (context) => {
        const tokens = { short: 600, medium: 700, long: 172_800 };
        const sources = Object.entries(tokens).map(([path, expirationSeconds]) => ({
          serviceAccountToken: { path, audience: 'vault.example.com', expirationSeconds },
        }));
        const ask = asker(context);
        for (const [pod, program, init] of [
          ['reads', WATCH, []],
          ['initializes', 'process.exit(0)', [{ name: 'init', program: WATCH }]],
        ] as const)
          await ask(
            'POST',
            'pods',
            await podOf(context, pod, program, { ...mountedTokens(sources), initContainers: init }),
          );
        for (const [pod, container] of [['reads'], ['initializes', 'init']] as const)
          if (!(await tells(context, pod, /started/, container)))
            throw new Error(`Timed out: pod ${pod} has not started.`);
      }),
      advanceClock(490),
      check('the token of ten minutes is renewed', async (context) => {
        expect(await tells(context, 'reads', ...renewed(/short/)), 'is renewed').to.equal(true);
        const whileInitializing = await tells(context, 'initializes', ...renewed(/short/, 'init'));
        expect(whileInitializing, 'while init containers run').to.equal(true);
        expect(await logOf(context, 'reads')).not.to.match(/api|medium|long/);
      }),
      advanceClock(2500),
      check('the token for the API, requested for an hour, is renewed', async (context) => {
        expect(await tells(context, 'reads', ...renewed(/api/)), 'is renewed').to.equal(true);
        expect(await logOf(context, 'reads')).not.to.contain('long');
      }),
      advanceClock(67_000),
      check('the token of two days is renewed within one day', async (context) => {
        // This cluster grants a day at most ("kube-apiserver", --service-account-max-token-expiration): 80% of that have
        // passed.
        expect(await tokenRequest(context, { expirationSeconds: 172_800 })).to.include({ expirationSeconds: 86_400 });
        expect(await tells(context, 'reads', ...renewed(/long/)), 'is renewed').to.equal(true);
      }),
    ],
  });

  scenario('RB-39', "a pod's token without an audience is for the API server, and lasts an hour", {
    source: 'Kubernetes API Reference, ServiceAccountTokenProjection and TokenRequest: audience and expirationSeconds',
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('its token equals a requested one', async (context) => {
        const sources = [
          { serviceAccountToken: { path: 'short' } },
          { serviceAccountToken: { path: 'long', audience: '' } },
          { serviceAccountToken: { path: 'deep/er/other', audience: 'vault.example.com' } },
        ];
        await asker(context)('POST', 'pods', await podOf(context, 'claims', CLAIMS, mountedTokens(sources)));
        const { audiences } = await tokenRequest(context, {});
        const audiencesAndSeconds = JSON.parse(await messageOf(context, 'claims')) as readonly (readonly [
          unknown,
          number,
        ])[];
        const [unset, empty, other, api] = audiencesAndSeconds.map(([audience]) => audience);
        expect([unset, empty]).to.deep.equal([audiences, audiences]);
        expect(other).to.deep.equal(['vault.example.com']);
        // Times are rounded to whole seconds, each separately.
        for (const [audience, seconds] of audiencesAndSeconds.slice(0, 3))
          expect(seconds, `seconds of a token for ${String(audience)}`).to.be.closeTo(3600, 1);
        // Clusters may extend the lifetime of this token.
        expect(api).to.deep.equal(audiences);
      }),
    ],
  });
});

/** Kubelets check every second. With twelve seconds each, all checks of the scenario can fail within its time limit. */
const renewed = (what: RegExp, container?: string) => [what, container, 12] as const;

/** Prints which of its tokens have changed. */
const WATCH = `
const files = {
  short: '${TOKEN_FOLDER}/short', medium: '${TOKEN_FOLDER}/medium', long: '${TOKEN_FOLDER}/long', api: '${API_ACCESS}/token',
};
const read = (name) => require('fs').readFileSync(files[name], 'utf8');
const known = Object.fromEntries(Object.keys(files).map((name) => [name, read(name)]));
console.log('started');
setInterval(() => {
  for (const name in known) if (known[name] !== read(name)) console.log(name, (known[name] = read(name)).length);
}, 100);`;

/** Prints the audiences and lifetimes of its tokens. */
const CLAIMS = `
const claims = ['${TOKEN_FOLDER}/short', '${TOKEN_FOLDER}/long', '${TOKEN_FOLDER}/deep/er/other', '${API_ACCESS}/token'].map(
  (file) => JSON.parse(Buffer.from(require('fs').readFileSync(file, 'utf8').split('.')[1], 'base64url')));
require('fs').writeFileSync('${MESSAGE}', JSON.stringify(claims.map(({ aud, exp, iat }) => [aud, exp - iat])));`;

/** Requests a token, and returns its specification. */
async function tokenRequest(context: CheckContext, spec: object) {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const made = await askerOf<{
    readonly spec: { readonly audiences: readonly string[]; readonly expirationSeconds: number };
  }>(context)('POST', 'serviceaccounts/app/token', body);
  return made.spec;
}
