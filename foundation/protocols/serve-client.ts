import { createInterface } from 'node:readline';
import {
  CLIENT_ANSWER_PREFIX,
  type ClientAnswer,
  type ClientOperation,
  type ClientRequest,
} from './client-protocol.ts';

type Perform = (operation: ClientOperation) => Promise<Omit<ClientAnswer, 'id'>>;

/** Answers requests from standard input until it ends, as the program of a client. */
export async function serveClient(perform: Perform): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, operation, atOnce = 1 } = JSON.parse(line) as ClientRequest;
    const answers = await Promise.all(Array.from({ length: atOnce }, () => perform(operation)));
    const answer = answers.find(({ error }) => error !== undefined) ?? answers[0];
    process.stdout.write(`${CLIENT_ANSWER_PREFIX}${JSON.stringify({ id, ...answer })}\n`);
  }
}
