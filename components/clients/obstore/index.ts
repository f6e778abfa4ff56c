import { OBJECT_OPERATIONS, type Client } from '../client.ts';
import { pipInstalled } from '../install/pip.ts';

/** object_store of Rust with its own chain, for Python: obstore 0.12.1 has 0.14.2 of it. */
export const OBSTORE: Client = {
  name: 'obstore',
  title: 'obstore (object_store of Rust)',
  versions: { newest: '0.12.1' },
  operations: OBJECT_OPERATIONS,
  chain: 'own',
  stsOfAwsAlone: true,
  documentation: new URL('https://developmentseed.org/obstore/latest/authentication/'),
  install: pipInstalled({
    files: ['obstore/client.py', 'python-common/objects.py', 'python-common/serve.py'],
    requirements: (version) => [`obstore==${version}`],
  }),
};
