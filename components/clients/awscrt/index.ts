import { OBJECT_OPERATIONS, type Client } from '../client.ts';
import { pipObjectsInstalled } from '../install/pip.ts';

/** AWS Common Runtime through its Python binding. Several SDKs use it to find credentials. */
export const AWSCRT: Client = {
  name: 'awscrt',
  title: 'AWS Common Runtime (Python binding)',
  versions: { newest: '0.38.1' },
  operations: OBJECT_OPERATIONS,
  chain: 'sdk',
  stsOfAwsAlone: true,
  documentation: new URL('https://awslabs.github.io/aws-crt-python/api/auth.html'),
  install: pipObjectsInstalled('awscrt'),
};
