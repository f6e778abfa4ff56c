/** MinIO's client for JavaScript with its only automatic provider (foundation/protocols/client-protocol.ts). */
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
  // This is only the address of instance metadata: there is no option for STS's address.
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
      throw new Error(`this client only supports reads and writes of objects, not this ${operation.do}`);
    return { facts: await perform(operation) };
  } catch (error) {
    return { error: failureOf(error) };
  }
}

/** Converts an error. S3's errors have a code and other fields of the response, but no status. */
function failureOf({ name, code, message, requestid }) {
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
