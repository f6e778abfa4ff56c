/**
 * Emulates a pod's endpoints for a client on the local machine, and prints each request. The credentials endpoint listens on
 * port 8081, S3 on 8082 and instance metadata on 8083. The path of the credentials endpoint selects the answer:
 * - `/v1/credentials`: credentials that are valid for an hour
 * - `/empty`: an empty object
 * - `/fails`: 500
 * - `/refuses`: 404
 * - `/once`: 503 for the first request
 * - `/short`: credentials that are valid for six seconds, and 500 after three seconds
 */
import { createServer } from 'node:http';

const keys = (id, seconds) => ({
  AccessKeyId: id,
  SecretAccessKey: 'secret',
  Token: 'token',
  Expiration: new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, ''),
});
let began;
let asked = 0;

const ANSWERS = {
  '/empty': () => ({}),
  '/fails': () => 500,
  '/refuses': () => 404,
  '/once': () => ((asked += 1) === 1 ? 503 : keys('ASIACONTAINER', 3600)),
  '/short': () => (Date.now() > (began ??= Date.now()) + 3000 ? 500 : keys('ASIACONTAINER', 6)),
};

createServer(({ method, url, headers }, answer) => {
  const said = (ANSWERS[url] ?? (() => keys('ASIACONTAINER', 3600)))();
  console.log(
    `agent: ${method} ${url}, Host ${headers.host}, Authorization ${headers.authorization}: answers ${JSON.stringify(said)}`,
  );
  if (typeof said === 'number') answer.writeHead(said, { 'content-type': 'text/plain' }).end('said by the agent');
  else answer.setHeader('content-type', 'application/json').end(JSON.stringify(said));
}).listen(8081, '127.0.0.1');

createServer(({ method, url, headers }, answer) => {
  const [, key = 'nobody'] = /Credential=([^/]*)/.exec(headers.authorization) ?? [];
  console.log(`s3: ${method} ${url}, signed by ${key} at ${headers['x-amz-date']}`);
  const found = { 'content-length': 2, etag: '"a"', 'last-modified': new Date(0).toUTCString() };
  answer.writeHead(200, found).end(method === 'HEAD' ? undefined : 'ok');
}).listen(8082, '127.0.0.1');

createServer(({ method, url }, answer) => {
  console.log(`instance metadata: ${method} ${url}`);
  if (method === 'PUT') answer.end('token');
  else if (url.endsWith('/')) answer.end('node');
  else answer.end(JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...keys('ASIANODE', 3600) }));
}).listen(8083, '127.0.0.1');
