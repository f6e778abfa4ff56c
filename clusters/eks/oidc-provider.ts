import {
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
} from '@aws-sdk/client-iam';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { ignoreMissing } from '../../foundation/aws/missing.ts';
import { areOfRun, RUN_TAG, tagList } from '../../foundation/aws/tags.ts';
import { retry } from '../../foundation/node/poll.ts';
import type { EksContext } from './context.ts';
import { isNamed } from './errors.ts';
import { placed } from './teardown.ts';
import { askAfterLostAnswer, pausesOf } from './wait.ts';

const AUDIENCE = 'sts.amazonaws.com';

/**
 * Registers the issuer with IAM and returns the provider's ARN (EKS User Guide, "Create an IAM OIDC provider for your
 * cluster"). Throws IAM errors such as EntityAlreadyExists.
 */
export async function makeProvider(
  issuer: string,
  accountId: string,
  {
    iam,
    tags,
    resources,
    name,
    timing,
    signal,
  }: Pick<EksContext, 'name' | 'iam' | 'tags' | 'resources' | 'timing' | 'signal'>,
): Promise<string> {
  const create = new CreateOpenIDConnectProviderCommand({
    Url: `https://${issuer}`,
    ClientIDList: [AUDIENCE],
    Tags: tagList(tags),
  });
  const arn = providerArnOf(issuer, accountId);
  await resources.make({
    ...placed('next to the cluster', name),
    name: `OIDC provider ${arn}`,
    remove: () =>
      ignoreMissing(() => iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }))),
    make: async () => {
      try {
        await retry(() => iam.send(create), {
          // IAM connects to the new issuer, which may not be reachable yet.
          tolerates: (error) => isNamed(error, 'OpenIdIdpCommunicationError'),
          ...pausesOf(timing),
          within: timing.role,
          signal,
        });
      } catch (error) {
        if (!isNamed(error, 'EntityAlreadyExists')) throw error;
        // The response to the SDK's first attempt was lost.
        const get = new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn });
        const existingProvider = await askAfterLostAnswer(() => iam.send(get), { timing, signal });
        if (!areOfRun(existingProvider?.Tags, tags[RUN_TAG])) throw error;
      }
    },
  });
  return arn;
}

/** Returns the existing provider, or creates one. Throws CLUSTER_FAILED without STS as audience, and IAM errors. */
export async function findOrMakeProvider(issuer: string, accountId: string, context: EksContext): Promise<string> {
  const arn = providerArnOf(issuer, accountId);
  try {
    const { ClientIDList = [] } = await context.iam.send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }),
    );
    if (ClientIDList.includes(AUDIENCE)) return arn;
  } catch (error) {
    if (!isNamed(error, 'NoSuchEntity')) throw error;
    return makeProvider(issuer, accountId, context);
  }
  throw new ClusterError(
    'CLUSTER_FAILED',
    `OIDC provider ${arn} of cluster ${context.name} does not have the audience ${AUDIENCE}, which IRSA requires. Add it; a run does not change existing resources.`,
    { blame: 'usage' },
  );
}

const providerArnOf = (issuer: string, accountId: string): string =>
  `arn:aws:iam::${accountId}:oidc-provider/${issuer}`;
