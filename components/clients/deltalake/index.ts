import { OBJECT_OPERATIONS, type Client } from '../client.ts';
import { pipObjectsInstalled } from '../install/pip.ts';

/** delta-rs for Python, which uses Rust's object_store: deltalake 1.6.6 includes version 0.13.2. */
export const DELTALAKE: Client = {
  name: 'deltalake',
  title: 'delta-rs (object_store of Rust)',
  versions: { newest: '1.6.6' },
  operations: OBJECT_OPERATIONS,
  chain: 'own',
  stsOfAwsAlone: true,
  documentation: new URL('https://delta-io.github.io/delta-rs/integrations/object-storage/s3/'),
  install: pipObjectsInstalled('deltalake'),
};
