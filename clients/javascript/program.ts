/** The program of the AWS SDK for JavaScript at another version than the one that is built in (foundation/client-protocol.ts). */
import { createInterface } from 'node:readline';
import * as s3 from '../../components/probe/s3.ts';
import { addS3, answer } from '../../components/probe/sdk.ts';
import { CLIENT_ANSWER_PREFIX, type ClientRequest } from '../../foundation/client-protocol.ts';

addS3(s3);

for await (const line of createInterface({ input: process.stdin })) {
  const { id, operation, atOnce = 1 } = JSON.parse(line) as ClientRequest;
  const answers = await Promise.all(Array.from({ length: atOnce }, () => answer(operation)));
  const told = answers.find(({ error }) => error !== undefined) ?? answers[0];
  process.stdout.write(`${CLIENT_ANSWER_PREFIX}${JSON.stringify({ id, ...told })}\n`);
}
