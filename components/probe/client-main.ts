/** This program as a client (foundation/client-protocol.ts): the AWS SDK for JavaScript, with nothing set by hand. */
import { createInterface } from 'node:readline';
import { CLIENT_ANSWER_PREFIX, type ClientAnswer, type ClientRequest } from '../../foundation/client-protocol.ts';
import type { OperationClient } from './operations.ts';

/** Answers until its input ends. */
export async function serveClient(): Promise<void> {
  // Once: its clients hold the credentials for as long as these are good.
  const sdk = await import('./sdk-s3.ts');
  const pending = new Set<Promise<void>>();
  for await (const line of createInterface({ input: process.stdin })) {
    const task = serve(sdk, JSON.parse(line) as ClientRequest).finally(() => pending.delete(task));
    pending.add(task);
  }
  await Promise.all(pending);
}

async function serve(
  sdk: Pick<OperationClient, 'answer'>,
  { id, operation, atOnce = 1 }: ClientRequest,
): Promise<void> {
  const answers = await Promise.all(Array.from({ length: atOnce }, () => sdk.answer(operation)));
  const told: ClientAnswer = { id, ...(answers.find(({ error }) => error !== undefined) ?? answers[0]) };
  process.stdout.write(`${CLIENT_ANSWER_PREFIX}${JSON.stringify(told)}\n`);
}
