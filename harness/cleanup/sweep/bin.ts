import { detach } from '../../../clusters/kind/index.ts';
import { main } from './cli.ts';
import { docker } from './docker.ts';

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  docker,
  detach,
  now: () => new Date(),
  environment: process.env,
});
