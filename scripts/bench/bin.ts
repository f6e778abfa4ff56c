import { fileURLToPath } from 'node:url';
import { main } from './cli.ts';

// The built harness, whether this file runs from source or built: what users run is measured.
const built = import.meta.url.includes('/dist/');
const program = fileURLToPath(
  new URL(built ? '../../../bin/conformance.js' : '../../bin/conformance.js', import.meta.url),
);

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  program,
});
