import { OBJECT_OPERATIONS, type Client } from '../client.ts';
import { npmInstalled } from '../install/npm.ts';

export const MINIO_JAVASCRIPT: Client = {
  name: 'minio-javascript',
  title: 'MinIO Client SDK for JavaScript',
  versions: { newest: '8.0.7' },
  operations: OBJECT_OPERATIONS,
  chain: 'own',
  runsOnNode: true,
  stsOfAwsAlone: true,
  documentation: new URL('https://github.com/minio/minio-js/blob/master/docs/API.md'),
  install: npmInstalled({
    files: ['minio-javascript/client.mjs'],
    packages: (version) => [`minio@${version}`],
  }),
};
