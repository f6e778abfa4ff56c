import { ALL_OPERATIONS, type Client } from '../client.ts';
import { npmInstalled } from '../install/npm.ts';

/** The version that the probe program has built in (package.json). */
const BUILT_IN = '3.1175.0';

/**
 * The credential chain had the clients' version once, and was a peer of some, for which npm takes the newest. Later it has versions
 * of its own, in a range that the clients name. Of those below the minimum, 3.451.0 is the last of which there are clients and chain.
 */
const hasChainOfItsVersion = (version: string): boolean => Number(version.split('.')[1]) < 900;

const installOther = npmInstalled({
  // What the probe program does its operations by, with the SDK left out.
  files: ['javascript/program.mjs'],
  packages: (version) =>
    ['client-s3', 'client-sts', ...(hasChainOfItsVersion(version) ? ['credential-provider-node'] : [])].map(
      (name) => `@aws-sdk/${name}@${version}`,
    ),
});

/** AWS SDK for JavaScript v3. */
export const JAVASCRIPT_SDK: Client = {
  name: 'javascript',
  title: 'AWS SDK for JavaScript v3',
  versions: { newest: BUILT_IN, minimum: '3.458.0', below: '3.451.0' },
  operations: ALL_OPERATIONS,
  chain: 'sdk',
  documentation: new URL(
    'https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html',
  ),
  install: (release, context) =>
    release.version === BUILT_IN ? Promise.resolve(undefined) : installOther(release, context),
};
