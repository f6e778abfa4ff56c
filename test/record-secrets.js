/**
 * Preloaded into the command line (`node --import`). Records every secret in requests and responses of servers in its process:
 * the emulator, API servers, agents and the webhook. Writes them as JSON to the file in RECORD_SECRETS_FILE. Tests check that
 * output and reports do not contain them.
 */
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

/** Patterns of secrets. If a pattern has a group, the secret is the first group. */
const PATTERNS = {
  token: [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g],
  secretKey: [/SecretAccessKey\\?"\s*:\s*\\?"([^"\\]+)/gi, /<SecretAccessKey>([^<]+)/g],
  sessionToken: [/"(?:Token|SessionToken)"\s*:\s*"([^"]+)/gi, /<SessionToken>([^<]+)/g],
  accessKeyId: [/\b(?:ASIA|AKIA)[A-Z0-9]{16}\b/g],
  signature: [/Signature=([0-9a-f]{64})/g],
  clusterToken: [/k8s-aws-v1\.[\w-]+/g],
};

const found = Object.fromEntries(Object.keys(PATTERNS).map((kind) => [kind, new Set()]));

function note(text) {
  for (const [kind, patterns] of Object.entries(PATTERNS))
    for (const pattern of patterns) for (const match of text.matchAll(pattern)) found[kind].add(match[1] ?? match[0]);
}

/** Collects the data passed to a stream's method, and records its secrets when it is complete. */
function tap(stream, method, chunks) {
  const original = stream[method];
  stream[method] = function (chunk, ...rest) {
    if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) chunks.push(Buffer.from(chunk));
    return original.call(this, chunk, ...rest);
  };
}

for (const { Server } of [http, https]) {
  const { emit } = Server.prototype;
  Server.prototype.emit = function (event, request, response, ...rest) {
    if (event === 'request') {
      const received = [];
      const sent = [];
      tap(request, 'push', received);
      tap(response, 'write', sent);
      tap(response, 'end', sent);
      response.once('close', () => {
        note(`${request.url}\n${request.rawHeaders.join('\n')}`);
        for (const chunks of [received, sent]) note(Buffer.concat(chunks).toString('utf8'));
      });
    }
    return emit.call(this, event, request, response, ...rest);
  };
}

process.on('exit', () => {
  const file = process.env.RECORD_SECRETS_FILE;
  const all = Object.fromEntries(Object.entries(found).map(([kind, values]) => [kind, [...values]]));
  if (file !== undefined) writeFileSync(file, JSON.stringify(all), { mode: 0o600 });
});
