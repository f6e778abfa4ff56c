/**
 * Loaded into the command line (`node --import`): notes every secret that passes through a server of its process, which
 * the emulator, the API servers, the agents and the webhook all are, in requests and in answers. Writes them as JSON into
 * the file that RECORD_SECRETS_FILE names: what they are to where they were not to be found.
 */
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

/** What of a message is a secret: the first group where there is one. */
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

/** Gathers what is passed to a method, and notes it once it is whole. */
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
