/** Runs in a pod: reads an object for each request, with new credentials, and answers `granted` or the error. */
import { createServer } from 'node:http';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';

const { BUCKET: Bucket, CHAINED_ROLE: RoleArn } = process.env;

/** Returns the session of a further role. */
async function chained() {
  const { Credentials } = await new STSClient({ maxAttempts: 1 }).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'chain' }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials;
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

const server = createServer(async (_request, response) => {
  try {
    const credentials = RoleArn === undefined ? {} : { credentials: await chained() };
    const client = new S3Client({ maxAttempts: 1, forcePathStyle: true, ...credentials });
    await client.send(new GetObjectCommand({ Bucket, Key: 'key' }));
    response.end('granted');
  } catch (error) {
    response.end(`${error.name}: ${error.message}`);
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
