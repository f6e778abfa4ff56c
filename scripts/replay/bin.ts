import { fileURLToPath } from 'node:url';
import { main } from './cli.ts';

// Beside this file whether it runs from source or built.
const source = import.meta.url.endsWith('.ts');
const program = fileURLToPath(new URL(`../../components/agent/main.${source ? 'ts' : 'js'}`, import.meta.url));

process.exitCode = await main(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  agentProgram: [process.execPath, ...(source ? ['--import', 'tsx'] : []), program],
});
