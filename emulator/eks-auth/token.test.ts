import { expect } from 'chai';
import { SignJWT, UnsecuredJWT, generateKeyPair } from 'jose';
import { makeCluster } from '../../test/support/emulator/roles.ts';
import { eksAuthFixture, outcome } from '../../test/support/emulator/eks-auth.ts';

describe('EKS Auth and its tokens', () => {
  const pod = eksAuthFixture();
  const { associate, claims, sign, assume } = pod;

  describe('tokens', () => {
    beforeEach(() => associate());
    const kubernetes = { namespace: 'shop', serviceaccount: { name: 'reader', uid: 'u' } };
    const cases: readonly [title: string, token: () => string | Promise<string>, note: RegExp][] = [
      ['for another audience', () => sign({ aud: ['sts.amazonaws.com'] }), /audience is sts\.amazonaws\.com/],
      ['without an audience', () => sign({ aud: undefined }), /audience is missing/],
      ['that are not bound to a pod', () => sign({ 'kubernetes.io': kubernetes }), /not bound to a pod/],
      ['without Kubernetes claims', () => sign({ 'kubernetes.io': undefined }), /not bound to a pod/],
      ['without a subject', () => sign({ sub: undefined }), /claim sub is missing/],
      ['of another issuer', () => sign({ iss: 'https://oidc.eks.us-west-2.amazonaws.com/id/OTHER' }), /issuer/],
      ['not valid yet', () => sign({ nbf: (claims().nbf ?? 0) + 60 }), /not valid yet/],
      ['without an expiration', () => sign({ exp: undefined }), /claim exp is missing/],
      ['without a signature', () => `${new UnsecuredJWT(claims()).encode()}AAAA`, /not signed with RS256/],
      [
        'signed with a shared secret',
        () => new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(Buffer.alloc(32, 1)),
        /not signed with RS256/,
      ],
      [
        'forged with another key',
        async () =>
          new SignJWT(claims())
            .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
            .sign((await generateKeyPair('RS256')).privateKey),
        /signature does not verify/,
      ],
      [
        'of an unknown key',
        () => pod.cloud.clusters.get('blue')!.sign(claims(), { kid: 'key-2' }),
        /key is not one of/,
      ],
      ['with a changed payload', async () => (await sign()).replace(/\.[\w-]{8}/, '.AAAAAAAA'), /does not verify/],
      ['that are not JWTs', () => 'bm90.YQ.and0LW9mLWFueS1raW5k', /not a signed JWT/],
    ];
    for (const [title, token, note] of cases) {
      it(`${title} are rejected as invalid, with the reason in the call record`, async () => {
        const made = await token();
        const answer = await assume({ token: made });
        expect(outcome(answer)).to.include({ status: 400, type: 'InvalidTokenException' });
        expect(answer.trace.notes.join('\n')).to.match(note);
        expect(JSON.stringify([answer.body, answer.trace])).to.not.include(made.split('.')[2]);
      });
    }

    it('of another cluster are rejected', async () => {
      await makeCluster(pod.cloud, 'green');
      const answer = await assume({ token: await sign({}, 'green') });
      expect(outcome(answer)).to.include({ status: 400, type: 'InvalidTokenException' });
    });

    it("past their expiration have their own error, in AWS's words", async () => {
      const token = await sign();
      pod.cloud.world.clock.advance(3_600_001);
      const { status, type, message } = outcome(await assume({ token }));
      expect({ status, type }).to.deep.equal({ status: 400, type: 'ExpiredTokenException' });
      expect(message).to.match(
        /^The token included in the request is expired: current date\/time \d{4}-[\d-]+T[\d:.]+Z must be before the expiration date\/time \d{4}-[\d-]+T[\d:]+Z$/,
      );
    });

    it('may have several audiences', async () => {
      expect((await assume({ token: await sign({ aud: ['x', 'pods.eks.amazonaws.com'] }) })).status).to.equal(200);
      expect((await assume({ token: await sign({ aud: 'pods.eks.amazonaws.com' }) })).status).to.equal(200);
    });

    for (const body of ['', '[]', '{', 'null', '{"token": 1}']) {
      it(`must be in a valid body, not ${body || 'an empty one'}`, async () => {
        const { status, type } = outcome(await assume(body));
        expect(status).to.equal(400);
        expect(type).to.be.oneOf(['SerializationException', 'InvalidParameterException']);
      });
    }
    for (const token of ['', 'abc', 'a.b', 'a.b.c.d', 'Bearer a.b.c', 'a.b.c\n']) {
      it(`must have three segments, unlike ${JSON.stringify(token)}`, async () => {
        expect(outcome(await assume({ token }))).to.include({ status: 400, type: 'InvalidParameterException' });
      });
    }
  });
});
