import { OBJECT_OPERATIONS, type Client } from '../client.ts';
import { pipObjectsInstalled } from '../install/pip.ts';

export const MINIO_PYTHON: Client = {
  name: 'minio-python',
  title: 'MinIO Client SDK for Python',
  versions: { newest: '7.2.20' },
  operations: OBJECT_OPERATIONS,
  chain: 'own',
  documentation: new URL('https://github.com/minio/minio-py/blob/master/docs/API.md'),
  install: pipObjectsInstalled('minio-python', 'minio', 'urllib3==2.8.0'),
};
