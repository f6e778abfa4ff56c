import { ALL_OPERATIONS, type Client } from '../client.ts';
import { HarnessError } from '../../foundation/errors.ts';

/** The version that the probe program has built in (package.json). */
const BUILT_IN = '3.1175.0';

/** AWS SDK for JavaScript v3. The version that is built in needs no program of its own; it has no command. */
export const JAVASCRIPT_SDK: Client = {
  name: 'javascript',
  title: 'AWS SDK for JavaScript v3',
  versions: { newest: BUILT_IN, minimum: '3.458.0', below: '3.456.0' },
  operations: ALL_OPERATIONS,
  chain: 'sdk',
  documentation: new URL(
    'https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html',
  ),
  install: (version) =>
    version === BUILT_IN
      ? Promise.resolve(undefined)
      : Promise.reject(
          new HarnessError(
            'CLIENT_NOT_INSTALLED',
            `Client javascript ${version} cannot be installed yet: take ${BUILT_IN}.`,
          ),
        ),
};
