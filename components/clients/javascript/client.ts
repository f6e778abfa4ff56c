import { ALL_OPERATIONS, type Client } from '../client.ts';
import { npmInstalled } from '../install/npm.ts';

/** The version that the probe program includes (package.json). */
const BUILT_IN = '3.1175.0';

/**
 * Whether the credential chain has the same version number as the clients, as it has below 3.900. Some clients had it as a
 * peer dependency, for which npm would install the newest. Below the minimum, 3.451.0 is the last version of both.
 */
const hasChainOfItsVersion = (version: string): boolean => Number(version.split('.')[1]) < 900;

const installOther = npmInstalled({
  // The operations of the probe program, without the SDK.
  files: ['javascript/program.mjs'],
  packages: (version) =>
    ['client-s3', 'client-sts', ...(hasChainOfItsVersion(version) ? ['credential-provider-node'] : [])].map(
      (name) => `@aws-sdk/${name}@${version}`,
    ),
});

export const JAVASCRIPT_SDK: Client = {
  name: 'javascript',
  title: 'AWS SDK for JavaScript v3',
  versions: { newest: BUILT_IN, minimum: '3.458.0', below: '3.451.0' },
  operations: ALL_OPERATIONS,
  chain: 'sdk',
  runsOnNode: true,
  documentation: new URL(
    'https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html',
  ),
  install: (release, context) =>
    release.version === BUILT_IN ? Promise.resolve(undefined) : installOther(release, context),
};
