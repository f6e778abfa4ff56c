import { IDENTITY_AND_OBJECT_OPERATIONS, type Client } from '../client.ts';
import { BOTOCORE_DIFFERENCES } from '../python/index.ts';
import { pipInstalled } from '../install/pip.ts';

/** aiobotocore: asynchronous botocore, which s3fs and others use. */
export const AIOBOTOCORE: Client = {
  name: 'aiobotocore',
  title: 'aiobotocore',
  versions: { newest: '3.10.0' },
  operations: IDENTITY_AND_OBJECT_OPERATIONS,
  chain: 'sdk',
  differences: BOTOCORE_DIFFERENCES,
  documentation: new URL('https://aiobotocore.aio-libs.org/'),
  install: pipInstalled({
    files: ['aiobotocore/client.py', 'python-common/serve.py'],
    requirements: (version) => [`aiobotocore==${version}`],
  }),
};
