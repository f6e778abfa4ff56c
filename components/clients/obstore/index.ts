import { OBJECT_OPERATIONS, type Client } from '../client.ts';
import { pipObjectsInstalled } from '../install/pip.ts';

/** Rust's object_store with its own chain, for Python: obstore 0.12.1 includes version 0.14.2. */
export const OBSTORE: Client = {
  name: 'obstore',
  title: 'obstore (object_store of Rust)',
  versions: { newest: '0.12.1' },
  operations: OBJECT_OPERATIONS,
  chain: 'own',
  stsOfAwsAlone: true,
  documentation: new URL('https://developmentseed.org/obstore/latest/authentication/'),
  install: pipObjectsInstalled('obstore'),
};
