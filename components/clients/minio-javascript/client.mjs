/** MinIO's client for JavaScript, with the one provider that needs no settings (foundation/protocols/client-protocol.ts). */
import { createInterface } from 'node:readline';
import { Client, IamAwsProvider } from 'minio';

const { env } = process;
const at = new URL(env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? `https://s3.${env.AWS_REGION}.amazonaws.com`);
const useSSL = at.protocol === 'https:';
const client = new Client({
  endPoint: at.hostname,
  port: Number(at.port) || (useSSL ? 443 : 80),
  useSSL,
  region: env.AWS_REGION,
  // The address of instance metadata alone: that of STS cannot be given.
  credentialsProvider: new IamAwsProvider({ customEndpoint: env.AWS_EC2_METADATA_SERVICE_ENDPOINT }),
});

const OPERATIONS = {
  GetObject: async ({ bucket, key }) => {
    let bytes = 0;
    for await (const part of await client.getObject(bucket, key)) bytes += part.length;
    return { bytes };
  },
  PutObject: async ({ bucket, key }) => {
    await client.putObject(bucket, key, 'written by a probe');
    return {};
  },
};

async function answer(operation) {
  try {
    const { tags, through } = operation;
    const perform = tags === undefined && through === undefined ? OPERATIONS[operation.do] : undefined;
    if (perform === undefined)
      throw new Error(`the client only reads and writes objects, and ${operation.do} asks for more`);
    return { facts: await perform(operation) };
  } catch (error) {
    return { error: told(error) };
  }
}

/** S3's errors have a code and what S3 answered beside it, but no status. */
function told({ name, code, message, requestid }) {
  const status = { NoSuchKey: 404, NoSuchBucket: 404, NotFound: 404, InvalidArgument: 400 }[code];
  if (requestid === undefined && status === undefined) return { code: String(code ?? name), message: String(message) };
  return {
    service: 's3',
    code,
    status: status ?? 403,
    message: String(message),
    ...(requestid && { requestId: requestid }),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, operation, atOnce = 1 } = JSON.parse(line);
  const answers = await Promise.all(Array.from({ length: atOnce }, () => answer(operation)));
  console.log(`client-answer ${JSON.stringify({ id, ...(answers.find(({ error }) => error) ?? answers[0]) })}`);
}
