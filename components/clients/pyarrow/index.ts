import { OBJECT_OPERATIONS, type Client } from '../client.ts';
import { pipObjectsInstalled } from '../install/pip.ts';

/** AWS SDK for C++, which Apache Arrow includes: pyarrow 26.0.1 has version 1.11.900. */
export const PYARROW: Client = {
  name: 'pyarrow',
  title: 'AWS SDK for C++ (S3 of pyarrow)',
  versions: { newest: '26.0.1' },
  operations: OBJECT_OPERATIONS,
  chain: 'sdk',
  stsOfAwsAlone: true,
  documentation: new URL('https://arrow.apache.org/docs/python/filesystems.html#s3'),
  install: pipObjectsInstalled('pyarrow'),
};
