import { OBJECT_OPERATIONS, type Client } from '../client.ts';
import { goInstalled } from '../install/go.ts';

export const MINIO_GO: Client = {
  name: 'minio-go',
  title: 'MinIO Client SDK for Go',
  versions: { newest: '7.4.1' },
  operations: OBJECT_OPERATIONS,
  chain: 'own',
  documentation: new URL('https://pkg.go.dev/github.com/minio/minio-go/v7/pkg/credentials'),
  install: goInstalled({
    files: ['minio-go/main.go', 'go-common/serve.go'],
    modules: (version) => ({ 'github.com/minio/minio-go/v7': `v${version}` }),
  }),
};
