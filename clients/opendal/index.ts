import { OBJECT_OPERATIONS, type Client } from '../client.ts';
import { pipInstalled } from '../install/pip.ts';

/** Apache OpenDAL for Python, which signs with reqsign of Rust: opendal 0.47.12 has reqsign-aws-v4 3.3.1. */
export const OPENDAL: Client = {
  name: 'opendal',
  title: 'Apache OpenDAL (reqsign of Rust)',
  versions: { newest: '0.47.12' },
  operations: OBJECT_OPERATIONS,
  chain: 'own',
  stsOfAwsAlone: true,
  documentation: new URL('https://opendal.apache.org/services/s3'),
  install: pipInstalled({
    files: ['opendal/client.py', 'python-common/objects.py', 'python-common/serve.py'],
    requirements: (version) => [`opendal==${version}`],
  }),
};
