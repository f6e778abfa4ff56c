import { ALL_OPERATIONS, type Client } from '../client.ts';
import { goInstalled } from '../install/go.ts';

/** Versions of other modules by the version of `config`. Default: the newest. */
const NEWEST = { s3: 'v1.114.10', sts: 'v1.52.0' };
const RELEASES: Readonly<Record<string, typeof NEWEST>> = {
  // Release 2023-11-14, the first one in the User Guide, and its predecessor.
  '1.25.0': { s3: 'v1.42.1', sts: 'v1.25.1' },
  '1.24.0': { s3: 'v1.42.1', sts: 'v1.25.1' },
};

/** AWS SDK for Go v2. Its version is that of the module `config`, which contains the credential chain. */
export const GO: Client = {
  name: 'go',
  title: 'AWS SDK for Go v2',
  versions: { newest: '1.33.18', minimum: '1.25.0', below: '1.24.0' },
  operations: ALL_OPERATIONS,
  chain: 'sdk',
  documentation: new URL('https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-gosdk.html'),
  install: goInstalled({
    files: ['go/main.go', 'go-common/serve.go'],
    modules: (version) => {
      const { s3, sts } = RELEASES[version] ?? NEWEST;
      const sdk = 'github.com/aws/aws-sdk-go-v2';
      return { [`${sdk}/config`]: `v${version}`, [`${sdk}/service/s3`]: s3, [`${sdk}/service/sts`]: sts };
    },
  }),
};
