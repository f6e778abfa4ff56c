import { IAMClient, ListOpenIDConnectProvidersCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { startEmulator, type Emulator } from '../../emulator/index.ts';
import { RUN_TAG } from '../../foundation/aws/tags.ts';
import { makeProvider } from './oidc-provider.ts';
import { FAST } from '../../test/support/eks-cluster.ts';
import { Resources } from '../../foundation/aws/resources.ts';

const ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/ABCDEF';

describe("the OIDC provider of a cluster's issuer", () => {
  let emulator: Emulator;
  let iam: IAMClient;
  beforeEach(async () => {
    emulator = await startEmulator();
    const { endpoint, region, administrator } = emulator;
    const { accessKeyId, secretAccessKey } = administrator;
    iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  });
  afterEach(() => {
    iam.destroy();
    return emulator.close();
  });

  const failing = (name: string, $metadata = {}): Error => Object.assign(new Error(name), { name, $metadata });
  const arns = async () =>
    (await iam.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList?.map(({ Arn }) => Arn);
  const contextOf = (tags = {}) => ({
    iam,
    tags,
    name: 'a',
    resources: new Resources(),
    timing: FAST,
    signal: new AbortController().signal,
  });

  it('is created once IAM reaches the issuer, and later deleted', async () => {
    let unreachable = 2;
    iam.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'CreateOpenIDConnectProviderCommand' && (unreachable -= 1) >= 0)
            throw failing('OpenIdIdpCommunicationErrorException');
          return next(args);
        },
      { step: 'initialize' },
    );
    const context = contextOf();
    const arn = await makeProvider(ISSUER, emulator.accountId, context);
    expect(arn).to.equal(`arn:aws:iam::${emulator.accountId}:oidc-provider/${ISSUER}`);
    expect(await arns()).to.deep.equal([arn]);
    await context.resources.remove();
    expect(await arns()).to.deep.equal([]);
  });

  it('is deleted if the response was lost and IAM denies reading it', async () => {
    iam.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'GetOpenIDConnectProviderCommand')
            throw failing('AccessDenied', { httpStatusCode: 403, attempts: 1 });
          const answer = await next(args);
          if (commandName === 'CreateOpenIDConnectProviderCommand')
            throw failing('EntityAlreadyExistsException', { httpStatusCode: 409, attempts: 2 });
          return answer;
        },
      { step: 'initialize' },
    );
    const context = contextOf({ [RUN_TAG]: 'c0ffee1' });
    const error = await makeProvider(ISSUER, emulator.accountId, context).catch(({ name }: Error) => name);
    expect(error).to.equal('EntityAlreadyExistsException');
    await context.resources.remove();
    expect(await arns()).to.deep.equal([]);
  });
});
