import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { parseWebhookRecording } from './webhook-recording.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { replayWebhook } from './webhook.ts';

interface Recording {
  about: string;
  serviceAccounts: string;
  reviews: Record<string, unknown>[];
}

const recorded = (): Recording =>
  JSON.parse(readFileSync(new URL('../../test/fixtures/observed/webhook.json', import.meta.url), 'utf8')) as Recording;

const named = (recording: Recording, name: string): Record<string, unknown> =>
  recording.reviews.find((review) => review['name'] === name)!;

describe('replayWebhook', () => {
  it("finds no difference from the real webhook's recording", async () => {
    const { compared, differences } = await replayWebhook(recorded());
    expect(differences).to.deep.equal([]);
    expect(compared).to.equal(recorded().reviews.length);
  });

  const life = (patch: unknown, seconds: number): unknown =>
    JSON.parse(JSON.stringify(patch).replace(/"expirationSeconds":\d+/, `"expirationSeconds":${seconds}`));
  const alterations: readonly (readonly [what: string, alter: (recording: Recording) => void])[] = [
    ['the status', (recording) => (named(recording, 'service account pi')['status'] = 500)],
    ['the verdict', (recording) => (named(recording, 'service account plain')['allowed'] = false)],
    ['the version, which is missing', (recording) => (named(recording, 'pi: admission v1')['apiVersion'] = null)],
    ['the version', (recording) => (named(recording, 'service account pi')['apiVersion'] = 'admission.k8s.io/v1')],
    [
      'the message',
      (recording) => (named(recording, 'empty body')['resultStatus'] = { metadata: {}, message: 'other' }),
    ],
    ['the patch, which is missing', (recording) => delete named(recording, 'service account irsa')['patch']],
    [
      'an environment variable',
      (recording) => {
        const review = named(recording, 'service account pi');
        review['patch'] = JSON.parse(JSON.stringify(review['patch']).replace('us-west-2', 'eu-west-1'));
      },
    ],
    [
      'the lifetime of an IRSA token',
      (recording) => {
        const review = named(recording, 'service account irsa');
        review['patch'] = life(review['patch'], 80_000);
      },
    ],
    [
      'a lifetime outside the random range',
      (recording) => {
        const review = named(recording, 'service account pi');
        review['patch'] = life(review['patch'], 79_199);
      },
    ],
    [
      'a lifetime set by an annotation',
      (recording) => {
        const review = named(recording, 'pi: pod annotation token-expiration');
        review['patch'] = life(review['patch'], 80_000);
      },
    ],
    ['the region', (recording) => (recording.about = recording.about.replace('us-west-2', 'eu-west-1'))],
    ['the associations', (recording) => (recording.about = recording.about.replace('app/both', 'app/none'))],
    ['the service accounts', (recording) => (recording.serviceAccounts = '')],
    ['the body of the health check', (recording) => (named(recording, 'healthz')['body'] = 'ill')],
  ];
  for (const [what, alter] of alterations) {
    it(`reports a difference in ${what}`, async () => {
      const recording = recorded();
      // Some reviews of each kind suffice. They include all altered ones.
      recording.reviews = recording.reviews.filter(({ name }) =>
        /^(service|pi: (admission|pod)|empty|healthz)/.test(String(name)),
      );
      alter(recording);
      expect((await replayWebhook(recording)).differences).not.to.be.empty;
    });
  }

  for (const recording of [null, {}, { reviews: 5 }, { reviews: [{}] }]) {
    it(`rejects ${JSON.stringify(recording)}`, async () => {
      const failure = await replayWebhook(recording).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(HarnessError);
    });
  }
});

describe('parseWebhookRecording', () => {
  it('parses flags in several notations', () => {
    const { settings, identities } = parseWebhookRecording({
      about:
        'What it answers (flags: --annotation-prefix=x.io, token-audience aud, sts-regional-endpoint false, ' +
        'token-expiration 7200, container credentials for a/b, c-d/e.f).',
      reviews: [],
    });
    expect(settings).to.deep.equal({
      annotationPrefix: 'x.io',
      tokenAudience: 'aud',
      stsRegionalEndpoint: false,
      tokenExpiration: 7200,
    });
    expect(identities).to.deep.equal([
      { namespace: 'a', serviceAccount: 'b' },
      { namespace: 'c-d', serviceAccount: 'e.f' },
    ]);
  });
});
