import { IAMClient, ListOpenIDConnectProvidersCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { startEmulator } from '../../emulator/index.ts';
import { makeProvider } from './oidc-provider.ts';
import { FAST } from './testing/site.ts';
import { Undo } from './undo.ts';

const ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/ABCDEF';

describe("the provider of a cluster's issuer", () => {
  it('is made once IAM reaches the issuer, and deleted', async () => {
    const emulator = await startEmulator();
    const { endpoint, region, administrator, accountId } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    const iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    let unreachable = 2;
    iam.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'CreateOpenIDConnectProviderCommand' && (unreachable -= 1) >= 0)
            throw Object.assign(new Error('An error occurred communicating with the OIDC provider.'), {
              name: 'OpenIdIdpCommunicationErrorException',
            });
          return next(args);
        },
      { step: 'initialize' },
    );
    const arns = async () =>
      (await iam.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList?.map(({ Arn }) => Arn);
    try {
      const undo = new Undo();
      const context = { iam, undo, partition: 'aws', tags: {}, timing: FAST, signal: new AbortController().signal };
      const arn = await makeProvider(ISSUER, accountId, context);
      expect(arn).to.equal(`arn:aws:iam::${accountId}:oidc-provider/${ISSUER}`);
      expect(await arns()).to.deep.equal([arn]);
      await undo.all();
      expect(await arns()).to.deep.equal([]);
    } finally {
      iam.destroy();
      await emulator.close();
    }
  });
});
