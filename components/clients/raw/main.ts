/** A client without an SDK, used to inject faults. Its credential chain follows AWS's documentation. Serves `foundation/protocols/client-protocol.ts`. */
import type { ClientAnswer, ClientOperation } from '../../../foundation/protocols/client-protocol.ts';
import { serveClient } from '../../../foundation/protocols/serve-client.ts';
import { chain } from './chain.ts';
import { CredentialsCache, type Credentials } from './credentials.ts';
import { Failure } from './failure.ts';
import { performS3, type RawS3Operation } from './s3.ts';
import { whoAmI } from './sts.ts';

const cache = new CredentialsCache(() => chain(process));
const cached = (): Promise<Credentials> => cache.get();

const perform = async (operation: ClientOperation): Promise<Omit<ClientAnswer, 'id'>> =>
  operation.do === 'GetCallerIdentity'
    ? { identity: await whoAmI(cached) }
    : performS3(operation as RawS3Operation, cached);

function errorOf(error: unknown): NonNullable<ClientAnswer['error']> {
  if (!(error instanceof Failure)) return { code: 'Error', message: String(error) };
  const { service, status, requestId } = error.details;
  return {
    code: error.code,
    message: error.message,
    ...(service && { service }),
    ...(status !== undefined && { status }),
    ...(requestId && { requestId }),
  };
}

await serveClient((operation) => perform(operation).catch((error: unknown) => ({ error: errorOf(error) })));
