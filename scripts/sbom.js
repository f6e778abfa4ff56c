/** Prints a CycloneDX document that includes the bundled packages (dist/licences.txt), which `npm sbom` would omit. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path) => readFileSync(join(root, path), 'utf8');
const { packages } = JSON.parse(read('package-lock.json'));
const { name, version, license } = packages[''];

const notices = read('dist/licences.txt').matchAll(/^(\S+ \S+) \(.+\)$/gm);
const bundled = new Set([...notices].map(([, one]) => one));
const shipped = new Map();
for (const [path, entry] of Object.entries(packages)) {
  if (path === '') continue;
  const key = `${entry.name ?? path.replace(/^.*node_modules\//, '')} ${entry.version}`;
  if (!entry.dev || bundled.has(key)) shipped.set(key, entry);
}
const unknown = [...bundled].filter((key) => !shipped.has(key));
if (unknown.length > 0)
  throw new Error(`package-lock.json lacks ${unknown.join(', ')} , which dist/licences.txt lists. Run npm run build.`);

/** Package URLs encode the @ of a scope as %40. */
const purl = (packageName, packageVersion) => `pkg:npm/${packageName.replace('@', '%40')}@${packageVersion}`;
const component = (type, packageName, packageVersion, { license: id, integrity }) => ({
  type,
  'bom-ref': purl(packageName, packageVersion),
  name: packageName,
  version: packageVersion,
  purl: purl(packageName, packageVersion),
  licenses: [/[() ]/.test(id) ? { expression: id } : { license: { id } }],
  ...(integrity?.startsWith('sha512-') && {
    hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') }],
  }),
});
const document = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: { component: component('application', name, version, { license }) },
  components: [...shipped]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, entry]) => component('library', ...key.split(' '), entry)),
};
process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
