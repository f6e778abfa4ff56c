import { main } from './cli.ts';
import { docker } from './docker.ts';

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  docker,
  detach: async () => {
    throw new Error('not there yet');
  },
  now: () => new Date(),
});
