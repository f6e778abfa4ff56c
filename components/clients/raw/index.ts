import { join } from 'node:path';
import { distFolder } from '../../../foundation/node/dist-folder.ts';
import { HarnessError } from '../../../foundation/node/errors.ts';
import type { Client } from '../client.ts';

const VERSION = '1';

/** The harness' own client, for `--fault` and comparisons. */
export const RAW: Client = {
  name: 'raw',
  title: 'without an SDK (HTTP and SigV4)',
  versions: { newest: VERSION },
  operations: new Set([
    ...(['GetCallerIdentity', 'GetObject', 'HeadObject', 'DeleteObject'] as const),
    ...(['GetObjectTagging', 'PutObject', 'ListObjectsV2'] as const),
  ]),
  chain: 'own',
  runsOnNode: true,
  documentation: new URL('https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html'),
  install({ version }) {
    if (version !== VERSION)
      throw new HarnessError(
        'CLIENT_NOT_INSTALLED',
        `--client raw@${version}: the raw client is part of this package and only has version ${VERSION}. Leave out the version.`,
      );
    const folder = join(distFolder(), 'clients');
    return Promise.resolve({ folder, command: [process.execPath, join(folder, 'raw.mjs')] });
  },
};
