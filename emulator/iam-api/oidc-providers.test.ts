import { expect } from 'chai';
import { HERE, iamWorld } from '../../test/support/emulator/iam.ts';

const ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
const ARN = { OpenIDConnectProviderArn: `arn:aws:iam::${HERE}:oidc-provider/${ISSUER}` };
const THUMBPRINT = 'a'.repeat(40);

describe('IAM OIDC providers', () => {
  it('can be created, read, changed and deleted', async () => {
    const { iam, must } = iamWorld();
    const create = {
      Url: `https://${ISSUER}`,
      'ClientIDList.member.1': 'sts.amazonaws.com',
      'ThumbprintList.member.1': THUMBPRINT,
    };
    const created = await must('CreateOpenIDConnectProvider', create);
    expect(created.get('OpenIDConnectProviderArn')).to.equal(ARN.OpenIDConnectProviderArn);
    expect(await iam('CreateOpenIDConnectProvider', create)).to.include({ status: 409, code: 'EntityAlreadyExists' });
    await must('AddClientIDToOpenIDConnectProvider', { ...ARN, ClientID: 'other' });
    await must('UpdateOpenIDConnectProviderThumbprint', { ...ARN, 'ThumbprintList.member.1': 'b'.repeat(40) });
    await must('TagOpenIDConnectProvider', { ...ARN, 'Tags.member.1.Key': 'a', 'Tags.member.1.Value': 'b' });
    const read = await must('GetOpenIDConnectProvider', ARN);
    expect(read.get('Url')).to.equal(ISSUER);
    expect(read.get('ClientIDList.member')).to.deep.equal(['sts.amazonaws.com', 'other']);
    expect(read.get('ThumbprintList.member')).to.deep.equal(['b'.repeat(40)]);
    expect(read.get('Tags.member')).to.deep.equal([{ Key: 'a', Value: 'b' }]);
    await must('RemoveClientIDFromOpenIDConnectProvider', { ...ARN, ClientID: 'sts.amazonaws.com' });
    expect((await must('GetOpenIDConnectProvider', ARN)).get('ClientIDList.member')).to.deep.equal(['other']);
    const listed = await must('ListOpenIDConnectProviders');
    expect(listed.get('OpenIDConnectProviderList.member')).to.deep.equal([{ Arn: ARN.OpenIDConnectProviderArn }]);
    await must('DeleteOpenIDConnectProvider', ARN);
    await must('DeleteOpenIDConnectProvider', ARN);
    expect(await iam('GetOpenIDConnectProvider', ARN)).to.include({ status: 404, code: 'NoSuchEntity' });
  });

  const urls: readonly [string, boolean][] = [
    ['https://issuer.example.com/path', true],
    ['http://127.0.0.1:8080', true],
    ['https://localhost:8443/id/A', true],
    ['http://issuer.example.com', false],
    ['https://issuer.example.com:8443', false],
    ['https://issuer.example.com/?a=b', false],
    ['https://user@issuer.example.com', false],
    ['issuer.example.com', false],
  ];
  for (const [url, good] of urls) {
    it(`${good ? 'accepts' : 'rejects'} ${url}`, async () => {
      const answer = await iamWorld().iam('CreateOpenIDConnectProvider', { Url: url });
      expect(answer).to.include(good ? { status: 200 } : { status: 400, code: 'InvalidInput' });
    });
  }
});
