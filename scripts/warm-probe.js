/** Writes the probe's code caches by running it against a stub server. Only imports Node modules, since image builds run it too. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const IDENTITY =
  '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>';

const server = createServer((request, response) => {
  request.resume();
  if (request.method === 'POST') {
    response.writeHead(200, { 'content-type': 'text/xml' });
    response.end(IDENTITY);
  } else if (request.url === '/credentials') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        AccessKeyId: 'A',
        SecretAccessKey: 'S',
        Token: 'T',
        AccountId: '1',
        Expiration: new Date(Date.now() + 3600_000).toISOString(),
      }),
    );
  } else if (request.method === 'GET' && request.url?.includes('denied')) {
    response.writeHead(403, { 'content-type': 'application/xml' });
    response.end('<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>m</Message></Error>');
  } else {
    response.writeHead(200, { 'content-length': '2' });
    response.end('ok');
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${server.address().port}`;
const run = async (operations) => {
  const probes = operations.map((operation, number) => ({ number, operation }));
  const child = spawn(process.execPath, [fileURLToPath(new URL('launch.cjs', import.meta.url))], {
    env: {
      PROBE_PLAN: JSON.stringify({ phases: [{ phase: 0, probes }] }),
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: endpoint,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/credentials`,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    // A root file system under construction has no /dev/null.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  return output;
};
const read = (key) => ({ do: 'GetObject', bucket: 'bucket', key });
const output = (await run([read('granted'), read('denied')])) + (await run([{ do: 'GetCallerIdentity' }]));
server.close();
const outcomes = [...output.matchAll(/"outcome":"(\w+)"/g)].map(([, outcome]) => outcome);
if (outcomes.join() !== 'granted,denied,granted') {
  process.stderr.write(`The probe program returned unexpected outcomes while its code cache was written:\n${output}\n`);
  process.exitCode = 1;
}
