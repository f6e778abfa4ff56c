/**
 * Builds dist/: one bundle of entry points that share chunks (start-up is several times faster than from thousands of
 * small modules), the probe program as a single file with V8's code cache, and the types of the public surface.
 */
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
const { bundles, common, entriesOf, SUITES, SWITCHED } = await tsImport('./bundles.ts', import.meta.url);

/** Entry points of dist/, by their path without extension. */
const ENTRIES = ['harness/index', 'harness/mocha', 'bin/cli/main', 'components/agent/main', ...SUITES];

/** Programs of the component image, by their name in its root. */
const IMAGE_PROGRAMS = {
  'go-runner': 'clusters/kind/images/go-runner.ts',
  'eks-pod-identity-agent': 'components/agent/main.ts',
  webhook: 'components/webhook/cli.ts',
};

const started = newestSource();
/** Built beside dist/ and put in its place when it is whole: a run under way, or another build, never meets half of one. */
const out = `.dist-${process.pid}`;
process.on('exit', () => rmSync(out, { recursive: true, force: true }));
const inputs = new Set();
await build({ ...bundles, entryPoints: entriesOf(ENTRIES), outdir: out });
/**
 * The probe's files: what every pod needs, and the SDK with S3 and without, and what makes certificates, which are loaded by the pods
 * that use them alone.
 */
for (const entry of ['probe', 'sdk', 'sdk-s3', 'certificates']) {
  await build({
    entryPoints: [`components/probe/${entry === 'probe' ? 'main' : entry}.ts`],
    outfile: join(out, 'probe', `${entry}.cjs`),
    format: 'cjs',
    // As node:module would wrap it, which the launcher need not load then.
    banner: { js: '(function(exports,require,module,__filename,__dirname){' },
    footer: { js: '})' },
    minifyIdentifiers: true,
    alias: { 'node:fs/promises': './components/probe/files.ts' },
    // Node's bodies are streams of its own; to ask whether one is a web stream loads all of these.
    define: { ReadableStream: 'undefined' },
    // A script that is run by hand cannot import: require serves the same.
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
if (warming.status !== 0) throw new Error("The probe program's code cache could not be made.");
await buildImagePrograms(join(out, 'image'));
await buildRawClient(join(out, 'clients'));
// The SDK comes with the version that is installed.
await build({
  entryPoints: ['components/clients/javascript/program.ts'],
  outfile: join(out, 'clients', 'javascript', 'program.mjs'),
  format: 'esm',
  external: ['@aws-sdk/*'],
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
writeFileSync(join(out, 'licences.txt'), notices([...inputs, ...page.inputs]));
writeFileSync(join(out, basename(STAMP)), String(started));
replace();

async function build(options) {
  const { metafile } = await bundle({ ...common, ...options });
  for (const input of Object.keys(metafile.inputs)) inputs.add(input);
}

/**
 * The SDK's schemas with their constants in place where they are names of members: what is computed counts as a side effect,
 * for which all schemas of a service would be kept where a few are used.
 */
function plainSchemas({ path }) {
  const text = readFileSync(path, 'utf8');
  const constants = new Map([...text.matchAll(/^const (\w+) = (".*?");$/gm)].map(([, name, value]) => [name, value]));
  return { contents: text.replace(/\[(\w+)\]:/g, (member, name) => `${constants.get(name) ?? `[${name}]`}:`) };
}

/** What clients' programs are made of, in other languages than the harness'. */
function copyClientPrograms(folder) {
  for (const file of readdirSync('components/clients', { recursive: true }).filter((name) =>
    /\/[^/]+\.(?!ts$)\w+$/.test(name),
  )) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    copyFileSync(join('components/clients', file), join(folder, file));
  }
}

/**
 * Loads the probe program's files, each with V8's code cache for this version of Node beside it; where there is none, it is
 * written when the program has run, if the folder can be written.
 */
function launcher() {
  return `'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
// The first process of a container meets no signal that it does not ask for.
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
    // Programs start without a cache too, only slower.
  }
}
load('probe.cjs');
`;
}

/** What clusters/kind/images/ puts into the component image: the programs, each a file that Node runs by its first line. */
async function buildImagePrograms(folder, plugins = []) {
  for (const [name, entry] of Object.entries(IMAGE_PROGRAMS)) {
    const outfile = join(folder, 'root', name);
    await build({ entryPoints: [entry], outfile, format: 'cjs', plugins });
    const code = readFileSync(outfile, 'utf8').replace(/^#!.*\n/, '');
    writeFileSync(outfile, `#!/usr/local/bin/node\n${code}`);
  }
}

/** The project's own client, a program of one file. */
function buildRawClient(folder, plugins = []) {
  return build({
    entryPoints: ['components/clients/raw/main.ts'],
    outfile: join(folder, 'raw.mjs'),
    format: 'esm',
    plugins,
  });
}

/** The second build, which `--fault` uses: the same code with a switch for each fault, and the catalogue of faults. */
async function buildSwitched(outdir) {
  const { switches } = await tsImport('./faults/build-plugin.ts', import.meta.url);
  const { plugin, catalogue, problems } = switches(root);
  for (const problem of problems) process.stderr.write(`${problem}\nThe fault is left out.\n`);
  await build({ ...bundles, entryPoints: entriesOf(SWITCHED), outdir, plugins: [plugin] });
  await buildImagePrograms(join(outdir, 'image'), [plugin]);
  await buildRawClient(join(outdir, 'clients'), [plugin]);
  writeFileSync(join(outdir, 'catalogue.json'), JSON.stringify(catalogue));
}

/** Declarations of the public surface, for suites of the user's own. Left out where the compiler is not installed. */
function writeTypes() {
  const compiler = join('node_modules', '.bin', 'tsc');
  if (!existsSync(compiler)) return;
  const { status, stdout } = spawnSync(compiler, ['-p', 'tsconfig.types.json', '--outDir', join(out, 'types')], {
    encoding: 'utf8',
  });
  if (status !== 0) process.stderr.write(`Types of the public surface could not be written:\n${stdout}`);
  else {
    expandTypes(join(out, 'types'), 'harness/results/results.ts');
    pruneTypes(join(out, 'types'), 'harness/index.d.ts');
  }
}

function replace() {
  const old = `${out}-old`;
  if (existsSync('dist')) renameSync('dist', old);
  renameSync(out, 'dist');
  rmSync(old, { recursive: true, force: true });
}
