/**
 * Builds dist/: one bundle of entry points that share chunks (start-up is several times faster than from thousands of
 * small modules), the probe program as a single file with V8's code cache, and the types of the public surface.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { newestSource, STAMP } from './freshness.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/** Entry points of dist/, by their path without extension. */
const ENTRIES = [
  'harness/index',
  'harness/main',
  'harness/compare/main',
  'harness/sweep/bin',
  'emulator/iam/evaluate/bin',
  'scripts/emulator-main',
  'scripts/replay/bin',
  'scripts/bench/bin',
  'components/agent/main',
  'components/webhook/main',
  ...readdirSync('suites')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => `suites/${file.slice(0, -3)}`),
];

const common = {
  bundle: true,
  platform: 'node',
  // ES modules first: what is not used of the AWS clients can then be left out.
  mainFields: ['module', 'main'],
  conditions: ['module'],
  target: 'node20',
  sourcemap: false,
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
  legalComments: 'none',
};

const started = newestSource();
/** Built beside dist/ and put in its place when it is whole: a run under way, or another build, never meets half of one. */
const out = `.dist-${process.pid}`;
process.on('exit', () => rmSync(out, { recursive: true, force: true }));
await build({
  ...common,
  entryPoints: Object.fromEntries(
    ENTRIES.filter((entry) => existsSync(`${entry}.ts`)).map((entry) => [entry, `${entry}.ts`]),
  ),
  outdir: out,
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[hash]',
  // mocha and tsx look for files of their own at run time.
  external: ['mocha', 'tsx', 'tsx/*'],
  banner: {
    js: "import{createRequire as _createRequire}from'node:module';const require=_createRequire(import.meta.url);",
  },
});
/** The probe's two files: what every pod needs, and the SDK, which is loaded by the pods that use it alone. */
for (const [entry, file] of [
  ['main', 'probe.cjs'],
  ['sdk', 'sdk.cjs'],
]) {
  await build({
    ...common,
    entryPoints: [`components/probe/${entry}.ts`],
    outfile: join(out, 'probe', file),
    format: 'cjs',
    minifyIdentifiers: true,
    // A script that is run by hand cannot import: require serves the same.
    supported: { 'dynamic-import': false },
    plugins: [
      {
        name: 'sdk-apart',
        setup: (plugin) =>
          void plugin.onResolve({ filter: /\/sdk\.ts$/ }, ({ kind }) =>
            kind === 'entry-point' ? undefined : { path: './sdk.cjs', external: true },
          ),
      },
    ],
  });
}
writeFileSync(join(out, 'probe', 'launch.cjs'), launcher());
copyFileSync('clusters/embedded/kubelet/process-host.js', join(out, 'process-host.js'));
await warmCodeCache();
writeTypes();
writeFileSync(join(out, basename(STAMP)), String(started));
replace();

/**
 * Loads the probe program's files, each with the code cache beside it, when that was made by this version of Node.
 * `PROBE_WRITE_CACHE` makes it write the caches after the program ran.
 */
function launcher() {
  return `'use strict';
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
function load(name) {
  const file = path.join(__dirname, name);
  const cache = file + '.' + process.version + '.cache';
  const cachedData = fs.existsSync(cache) ? fs.readFileSync(cache) : undefined;
  const script = new vm.Script(Module.wrap(fs.readFileSync(file, 'utf8')), { filename: file, cachedData });
  if (process.env.PROBE_WRITE_CACHE) process.on('exit', () => fs.writeFileSync(cache, script.createCachedData()));
  const loaded = { exports: {} };
  const requireFrom = (id) => (id === './sdk.cjs' ? load('sdk.cjs') : require(id));
  script.runInThisContext()(loaded.exports, requireFrom, loaded, file, __dirname);
  return loaded.exports;
}
load('probe.cjs');
`;
}

/** Runs the probe once against a stand-in, so that the functions it needs are compiled when the cache is written. */
async function warmCodeCache() {
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'POST') {
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>',
      );
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
  const { port } = server.address();
  const endpoint = `http://127.0.0.1:${port}`;
  const plan = {
    phases: [
      {
        phase: 0,
        probes: ['granted', 'denied'].map((key, number) => ({
          number,
          operation: { do: 'GetObject', bucket: 'bucket', key },
        })),
      },
    ],
  };
  const child = spawn(process.execPath, [join(out, 'probe', 'launch.cjs')], {
    env: {
      PROBE_WRITE_CACHE: '1',
      PROBE_PLAN: JSON.stringify(plan),
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: endpoint,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/credentials`,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  server.close();
  if (!output.includes('"outcome":"granted"') || !output.includes('"outcome":"denied"')) {
    throw new Error(`The probe program did not run as expected while its code cache was made:\n${output}`);
  }
}

/** Declarations of the public surface, for suites of the user's own. Left out where the compiler is not installed. */
function writeTypes() {
  const compiler = join('node_modules', '.bin', 'tsc');
  if (!existsSync(compiler)) return;
  const { status, stdout } = spawnSync(compiler, ['-p', 'tsconfig.types.json', '--outDir', join(out, 'types')], {
    encoding: 'utf8',
  });
  if (status !== 0) process.stderr.write(`Types of the public surface could not be written:\n${stdout}`);
}

function replace() {
  const old = `${out}-old`;
  if (existsSync('dist')) renameSync('dist', old);
  renameSync(out, 'dist');
  rmSync(old, { recursive: true, force: true });
}
