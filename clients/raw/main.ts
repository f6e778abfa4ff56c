/**
 * A client of AWS without an SDK: its own credential chain, written by what AWS documents, for faults to be put into. It speaks
 * `foundation/client-protocol.ts`.
 */
import { createInterface } from 'node:readline';
import {
  CLIENT_ANSWER_PREFIX,
  type ClientAnswer,
  type ClientOperation,
  type ClientRequest,
} from '../../foundation/client-protocol.ts';
import { chain } from './chain.ts';
import { CredentialsCache, type Credentials } from './credentials.ts';
import { Failure } from './failure.ts';
import { performS3, type RawS3Operation } from './s3.ts';
import { whoAmI } from './sts.ts';

const cache = new CredentialsCache(() => chain(process));
const own = (): Promise<Credentials> => cache.get();

const perform = async (operation: ClientOperation): Promise<Omit<ClientAnswer, 'id'>> =>
  operation.do === 'GetCallerIdentity' ? { identity: await whoAmI(own) } : performS3(operation as RawS3Operation, own);

async function answer({ id, operation, atOnce = 1 }: ClientRequest): Promise<ClientAnswer> {
  const all = await Promise.allSettled(Array.from({ length: atOnce }, () => perform(operation)));
  const failed = all.find((one) => one.status === 'rejected');
  if (failed !== undefined) return { id, error: errorOf(failed.reason) };
  const [first] = all as [PromiseFulfilledResult<Omit<ClientAnswer, 'id'>>];
  return { id, ...first.value };
}

function errorOf(error: unknown): NonNullable<ClientAnswer['error']> {
  if (!(error instanceof Failure)) return { code: 'Error', message: String(error) };
  const { service, status, requestId } = error.details;
  return {
    ...{ code: error.code, message: error.message },
    ...(service && { service }),
    ...(status !== undefined && { status }),
    ...(requestId && { requestId }),
  };
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${CLIENT_ANSWER_PREFIX}${JSON.stringify(await answer(JSON.parse(line) as ClientRequest))}\n`);
